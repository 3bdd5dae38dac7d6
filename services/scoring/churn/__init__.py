"""The churn level on the overdue path."""
