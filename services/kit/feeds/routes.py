"""The feed over HTTP: `GET /feed` after the HTTP Feeds specification, and `GET /snapshot/{stream}`.

Plain Starlette routes: they pass JSON texts on that the database holds, at thousands of events a second.
"""

import re
from collections.abc import Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.kit.database import Session
from services.kit.feeds.events import Place
from services.kit.feeds.feed import STATE, wait_for_events
from services.kit.feeds.positions import numbered
from services.kit.feeds.protocol import (
    FEED_PATH,
    HEAD_HEADER,
    MAX_LIMIT,
    MAX_TIMEOUT_MS,
    MEDIA_TYPE,
    POSITION_PATH,
    SCOPE,
    SNAPSHOT_PATH,
)
from services.kit.feeds.snapshots import SnapshotPage, SnapshotProvider
from services.kit.identity import HEADER
from services.kit.problems import NotFound, bad_parameter

DIGITS = re.compile("[0-9]{1,18}")
MAX_NUMBER = 10**18


def feed_routes(snapshots: Sequence[SnapshotProvider] = ()) -> list[BaseRoute]:
    """Return the routes of a service that publishes events: the feed, and its snapshots by stream."""
    providers = {snapshot.stream: snapshot for snapshot in snapshots}

    async def read_snapshot(request: Request) -> Response:
        kit = request.app.state.kit
        kit.verifier.verify(request.headers.get(HEADER)).require(SCOPE)
        provider = providers.get(request.path_params["stream"])
        if provider is None:
            raise NotFound
        limit = number(request, "limit", 1000, MAX_LIMIT, at_least=1)
        async with kit.database.worker() as session:
            # The place is read first: what is committed meanwhile comes again on the feed, which does no harm.
            place = await _place(session)
            page = await provider.page(session, request.query_params.get("after"), limit)
        return Response(_render(place, page), media_type="application/json", headers={"Cache-Control": "no-store"})

    snapshot = Route(f"{SNAPSHOT_PATH}/{{stream}}", read_snapshot, name="read_snapshot", include_in_schema=False)
    feed = Route(FEED_PATH, read_feed, name="read_feed", include_in_schema=False)
    position = Route(POSITION_PATH, read_position, name="read_feed_position", include_in_schema=False)
    return [feed, position, snapshot]


async def read_feed(request: Request) -> Response:
    """Answer with the events after `lastEventId`, oldest first."""
    kit = request.app.state.kit
    kit.verifier.verify(request.headers.get(HEADER)).require(SCOPE)
    limit = number(request, "limit", 1000, MAX_LIMIT, at_least=1)
    timeout = number(request, "timeout", 0, MAX_TIMEOUT_MS)
    batch = await wait_for_events(kit.database, cursor_of(request), limit, timeout / 1000)
    return Response(
        batch.render(kit.settings.service),
        media_type=MEDIA_TYPE,
        headers={HEAD_HEADER: str(batch.head), "Cache-Control": "no-store"},
    )


async def read_position(request: Request) -> Response:
    """Answer with a place at or behind the event that has a sequence number of ours, once it has been numbered."""
    kit = request.app.state.kit
    kit.verifier.verify(request.headers.get(HEADER)).require(SCOPE)
    place = await numbered(kit.database, number(request, "number", 0, MAX_NUMBER))
    return Response(orjson.dumps({"place": str(place)}), media_type="application/json")


def cursor_of(request: Request) -> Place | None:
    """Return the place that `lastEventId` names, None for the beginning."""
    text = request.query_params.get("lastEventId")
    if not text:
        return None
    try:
        return Place.parse(text)
    except ValueError as error:
        raise bad_parameter("lastEventId", "It is no id of an event of this feed.") from error


def number(request: Request, name: str, default: int, at_most: int, *, at_least: int = 0) -> int:
    """Return a whole number from the query; BadRequest where it is none or out of range."""
    text = request.query_params.get(name, str(default))
    if not (DIGITS.fullmatch(text) and at_least <= int(text) <= at_most):
        raise bad_parameter(name, f"It is a whole number from {at_least} to {at_most}.")
    return int(text)


async def _place(session: Session) -> Place:
    state = await session.fetchrow(STATE)
    if state is None:
        message = "the schema has no feed_state"
        raise RuntimeError(message)
    return Place(state["epoch"], state["head"])


def _render(place: Place, page: SnapshotPage) -> bytes:
    items = [
        {
            "type": event.TYPE,
            "subject": str(event.subject),
            "workspaceid": str(workspace_id),
            "data": orjson.Fragment(event.model_dump_json()),
        }
        for workspace_id, event in page.events
    ]
    return orjson.dumps({"epoch": place.epoch, "position": place.position, "items": items, "next": page.next})
