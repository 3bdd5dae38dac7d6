"""What scoring follows: the feeds of contacts and of the gateway."""
