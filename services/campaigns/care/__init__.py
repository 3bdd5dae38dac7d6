"""Care: the rules applied to the audience, on every event and by the clock."""
