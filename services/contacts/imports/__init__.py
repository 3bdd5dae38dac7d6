"""Imports: files of orders or people, taken in as jobs."""
