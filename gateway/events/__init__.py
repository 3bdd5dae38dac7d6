"""The journal: everything that happened, for callers who keep up by pulling."""
