"""The audience: every customer with what care and communication need to know."""
