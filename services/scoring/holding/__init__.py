"""How a tier is held while time passes, and when it is lost."""
