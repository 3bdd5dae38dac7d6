"""What there is to be allowed, and who the caller is."""
