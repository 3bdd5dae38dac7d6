"""Reps, followed from contacts."""
