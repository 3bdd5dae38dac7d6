"""Interactions: what happened between us and a customer."""
