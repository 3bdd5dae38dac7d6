"""Orders: one merged state per order of a shop, whatever arrived in whatever sequence."""
