"""Reps: members of staff who look after customers."""
