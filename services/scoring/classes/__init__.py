"""The customer class: steady, one-time, future, lapsed."""
