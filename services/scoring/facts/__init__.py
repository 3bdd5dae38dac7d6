"""What scoring knows about customers, their orders and contacts, copied from the feed."""
