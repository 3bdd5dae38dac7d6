"""Exchange rates: dated values of a currency in the workspace's reporting currency."""
