"""Interactions as care needs them: followed from contacts, without any text."""
