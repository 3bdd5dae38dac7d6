"""Activity: how much has happened with customers, and when last."""
