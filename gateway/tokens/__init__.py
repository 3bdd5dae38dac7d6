"""Access tokens of a workspace's own identity provider."""
