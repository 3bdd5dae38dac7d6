"""Scores of a customer from the facts: one pure function, and the service that applies it and keeps the outcome."""
