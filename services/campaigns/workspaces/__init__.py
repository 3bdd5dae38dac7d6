"""Settings of workspaces, followed from the gateway."""
