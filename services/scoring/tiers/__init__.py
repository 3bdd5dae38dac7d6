"""The value tier: who matters by money and attention."""
