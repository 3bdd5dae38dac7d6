"""What the services promise one another: events and read models, one module per producer."""
