"""The service scoring."""
