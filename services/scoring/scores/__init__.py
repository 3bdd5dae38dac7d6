"""Scores over HTTP: of one customer, their history, lists, recomputation."""
