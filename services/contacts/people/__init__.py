"""People: consumers, and the persons at accounts."""
