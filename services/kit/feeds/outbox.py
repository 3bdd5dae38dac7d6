"""Publishing events: rows written in the transaction of the change itself, so neither exists without the other."""

from collections.abc import Sequence
from uuid import UUID

from services.kit.database import Session
from services.kit.feeds.events import Publishable
from services.kit.wakeups import OUTBOX

# One statement whatever the number of events; `seq` is drawn here, when the entities' rows are locked already.
INSERT = """
INSERT INTO outbox (workspace_id, type, subject, version, data)
SELECT workspace_id, type, subject, version, data::json
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::text[])
     WITH ORDINALITY AS e (workspace_id, type, subject, version, data, place)
ORDER BY place
RETURNING seq
"""


async def publish(session: Session, events: Sequence[Publishable], *, workspace_id: UUID | None = None) -> None:
    """Add events to the service's feed, in this order, if and when the transaction commits.

    Write (and so lock) the entities' rows first: that keeps the events of one entity in order.
    `workspace_id` is needed in transactions of the worker role only.
    """
    owner = workspace_id or session.tenant
    await publish_all(session, [(owner, event) for event in events])


async def publish_all(session: Session, events: Sequence[tuple[UUID, Publishable]]) -> None:
    """Add events of several workspaces, each with the workspace it belongs to."""
    if not events:
        return
    rows = await session.fetch(
        INSERT,
        [workspace_id for workspace_id, _ in events],
        [event.TYPE for _, event in events],
        [event.subject for _, event in events],
        [event.version for _, event in events],
        [event.model_dump_json() for _, event in events],
    )
    session.position = max(session.position, *(row["seq"] for row in rows))
    session.after_commit(lambda: session.wakeups.tell(OUTBOX))
