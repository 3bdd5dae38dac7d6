"""Care rules: when a customer is owed care."""
