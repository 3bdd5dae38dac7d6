"""Writing down that somebody read much at once: downloads of what people are in."""

from collections.abc import Mapping
from uuid import UUID

from services.kit.database import Session

ADD = """
INSERT INTO audit_inbox (workspace_id, actor_id, actor_kind, rep_id, service, operation, request_id, object_type,
                         object_id)
SELECT $1, (a ->> 'actor_id')::uuid, a ->> 'actor_kind', (a ->> 'rep_id')::uuid, a ->> 'service', a ->> 'operation',
       a ->> 'request_id', $2, $3
FROM (SELECT current_setting('app.author')::jsonb AS a) author
"""


async def note_reading(session: Session, object_type: str, parameters: Mapping[str, object]) -> None:
    """Add an entry for what the author of this transaction has read; the object is the one that the path names."""
    found = next((value for name, value in parameters.items() if name == "id" or name.endswith("_id")), None)
    object_id = UUID(str(found)) if found else None
    await session.execute(ADD, session.tenant, object_type, object_id)
