"""Workspaces: one company's settings, which every service follows."""
