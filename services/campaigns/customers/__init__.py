"""Customers: people and accounts as one list, by filters and by conditions."""
