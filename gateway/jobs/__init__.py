"""Jobs of all services as one resource."""
