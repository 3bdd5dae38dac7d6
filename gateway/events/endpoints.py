"""`/v1/events`: everything that happened, pulled."""

from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Request, Response

from gateway.events.dependencies import JournalDep
from gateway.events.errors import PositionExpired
from gateway.events.repository import place_of
from gateway.events.rules import PositionSeal
from gateway.events.schemas import EventPage, EventQuery, EventRead
from gateway.events.service import readable
from services.kit.feeds.positions import AFTER_HEADER, STALE_HEADER
from services.kit.web import CallerDep, Ref, Router, operation

if TYPE_CHECKING:
    import asyncpg

router = Router(prefix="/v1/events", tags=["events"])


@router.get("", **operation(scopes=[], problems=[PositionExpired], extra={"x-any-key": True}))
async def list_events(
    query: Annotated[EventQuery, Query()], journal: JournalDep, caller: CallerDep, request: Request, response: Response
) -> EventPage:
    """List what happened, oldest first, from a position on; keep `next_cursor` for the next call.

    Each event comes once, those of one object in their order. Events of objects that the key may not read do not exist
    for it. With `wait` an empty answer takes so long, unless something happens. A position older than what is kept is
    answered 410 with the `oldest` one that is not.
    """
    if after := request.headers.get(AFTER_HEADER):
        arrived = await request.app.state.gateway.positions.wait(after)
        if not arrived:
            response.headers[STALE_HEADER] = "true"
    seal = await journal.seal(caller)
    place = await journal.place(caller, seal, query.after)
    found = await journal.wait(caller, place, readable(caller, query.types), query.limit, query.wait)
    items = [shown(row, seal) for row in found.rows]
    return EventPage(items=items, next_cursor=seal.seal(found.place), count=None)


def shown(row: "asyncpg.Record", seal: PositionSeal) -> EventRead:
    """Return an event as it is answered."""
    values = dict(row)
    place = place_of(values["position"], values["recorded_at"])
    kind, object_id = values["object_type"], values["object_id"]
    ref = Ref(id=object_id, type=kind, display_name=None) if object_id else None
    return EventRead.model_validate(values | {"position": seal.seal(place), "object": ref})
