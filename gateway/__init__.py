"""The only public door: access, routing, composed reads, and the merged document."""
