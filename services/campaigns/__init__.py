"""Caring and communicating: who is cared for next, when, how, and whether it was done."""
