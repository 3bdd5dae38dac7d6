"""Contact pressure: how much contact a customer gets, and at which hours."""
