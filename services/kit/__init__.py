"""Plumbing that knows no business noun; imports nothing of ours."""
