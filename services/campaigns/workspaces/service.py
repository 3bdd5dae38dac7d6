"""What other features ask about workspaces."""

from services.campaigns.workspaces.repository import apply, forget_versions, meet, time_zone

__all__ = ["apply", "forget_versions", "meet", "time_zone"]
