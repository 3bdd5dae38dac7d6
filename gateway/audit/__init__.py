"""The audit of all services as one resource."""
