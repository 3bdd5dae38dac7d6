"""A customer's own buying rhythm and present silence."""
