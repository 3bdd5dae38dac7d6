"""Customers: people and accounts as one id space, for features and services that ask for either."""
