"""Settings of workspaces, followed from the gateway, and when each is due for evaluation."""
