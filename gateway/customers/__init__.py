"""One customer as one answer, composed from all services."""
