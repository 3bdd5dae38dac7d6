"""What other features ask about workspaces."""

from services.campaigns.workspaces.repository import apply, forget_versions, meet

__all__ = ["apply", "forget_versions", "meet"]
