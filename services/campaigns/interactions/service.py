"""What other features ask about interactions."""

from services.campaigns.interactions.repository import (
    apply,
    forget_versions,
    last_contacts,
    recent,
    remove_forgotten,
)

__all__ = ["apply", "forget_versions", "last_contacts", "recent", "remove_forgotten"]
