"""Pages for people: the reference of the API and one page per type of problem. No script, nothing from elsewhere."""
