"""What has happened with customers, as far as a caller may know and has asked."""

from collections.abc import Collection, Sequence
from uuid import UUID

from services.contacts.activity import repository
from services.contacts.vocabulary import ActivityRead
from services.kit.database import Session
from services.kit.identity import Identity

BEHIND = {
    "orders:read": ("orders_count", "last_order_at"),
    "interactions:read": ("interactions_count", "last_interaction_at"),
}
"""What is null without a scope."""


async def activity_of(
    session: Session, caller: Identity, ids: Sequence[UUID], include: Collection[str]
) -> dict[UUID, ActivityRead]:
    """Return what has happened with customers where it is asked for; what the caller may not read is null."""
    if "activity" not in include:
        return {}
    hidden = [name for scope, names in BEHIND.items() if not caller.may(scope) for name in names]
    rows = await repository.activity(session, ids)
    return {row["id"]: ActivityRead.model_validate(dict(row) | dict.fromkeys(hidden)) for row in rows}
