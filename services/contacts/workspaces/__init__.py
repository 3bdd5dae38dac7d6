"""Workspaces: the settings that contacts needs, copied from the gateway's feed."""
