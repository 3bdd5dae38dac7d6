"""Accounts: customers that are organisations."""
