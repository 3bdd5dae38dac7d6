"""Recency, frequency and monetary scores with their segments."""
