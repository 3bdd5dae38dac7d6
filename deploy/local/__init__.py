"""The local run: an embedded PostgreSQL and the four processes in one group."""
