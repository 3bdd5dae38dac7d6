"""A made-up shop with a year of history, and the program that loads it through the public API."""
