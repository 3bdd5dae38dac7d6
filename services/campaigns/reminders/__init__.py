"""Reminders: one task for a rep, about one customer, for one cause."""
