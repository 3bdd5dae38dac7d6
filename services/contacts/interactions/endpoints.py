"""Interactions over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.contacts.callers import NoRepBound
from services.contacts.interactions.dependencies import InteractionsDep
from services.contacts.interactions.queries import conditions
from services.contacts.interactions.schemas import (
    InteractionCreate,
    InteractionPage,
    InteractionQuery,
    InteractionRead,
    InteractionsBatchCommand,
    InteractionUpdate,
)
from services.contacts.interactions.views import interaction_of, page_of
from services.contacts.vocabulary import EffectsName
from services.kit.problems import NotFound, PreconditionFailed, Problem
from services.kit.web import BindingDep, CallerDep, IfMatch, ReadSession, Router, WriteSession, operation, set_etag
from services.kit.web.batches import BatchAborted, BatchRead, Outcomes, split_faulty

router = Router(prefix="/v1/interactions", tags=["interactions"])
InteractionId = Annotated[UUID, Path(description="Id of the interaction.")]


@router.post("", status_code=201, **operation(scopes=["interactions:write"], problems=[NoRepBound]))
async def create_interaction(
    body: InteractionCreate,
    interactions: InteractionsDep,
    session: WriteSession,
    caller: CallerDep,
    response: Response,
) -> InteractionRead:
    """Record something that happened between us and a person or account."""
    row = await interactions.record(session, caller, body)
    set_etag(response, row["version"])
    response.headers["Location"] = f"/v1/interactions/{row['id']}"
    return interaction_of(row)


@router.get("", **operation(scopes=["interactions:read"]))
async def list_interactions(
    query: Annotated[InteractionQuery, Query()],
    interactions: InteractionsDep,
    session: ReadSession,
    caller: CallerDep,
    bound: BindingDep,
) -> InteractionPage:
    """List interactions, the latest first."""
    rows = await interactions.rows.page(session, conditions(query, caller), query, bound, query.sort)
    return page_of(rows)


@router.post(
    "/batch", status_code=207, **operation(scopes=["interactions:write"], problems=[BatchAborted], max_body=8_388_608)
)
async def create_interactions_batch(
    body: InteractionsBatchCommand,
    interactions: InteractionsDep,
    session: WriteSession,
    caller: CallerDep,
    request: Request,
    atomic: Annotated[bool, Query(description="Take all items or none.")] = False,
    effects: Annotated[EffectsName, Query(description="How far the new facts reach.")] = "all",
) -> BatchRead:
    """Record up to 1,000 interactions; each is judged on its own unless `atomic`."""
    outcomes = Outcomes(request.app.state.kit.settings.public_url.rstrip("/"), request.url.path)
    fitting = split_faulty(body.items, outcomes)
    found = await interactions.record_many(session, caller, [item for _, item in fitting], effects=effects)
    for (place, _), one in zip(fitting, found, strict=True):
        if isinstance(one, Problem):
            outcomes.fail(place, one)
        else:
            outcomes.succeed(place, 201, one["id"], one["version"])
    return outcomes.answer(atomic=atomic)


@router.get("/{interaction_id}", **operation(scopes=["interactions:read"], problems=[NotFound]))
async def read_interaction(
    interaction_id: InteractionId,
    interactions: InteractionsDep,
    session: ReadSession,
    caller: CallerDep,
    response: Response,
) -> InteractionRead:
    """Read an interaction."""
    row = await interactions.read(session, caller, interaction_id)
    set_etag(response, row["version"])
    return interaction_of(row)


@router.patch(
    "/{interaction_id}", **operation(scopes=["interactions:write"], problems=[NotFound, PreconditionFailed, NoRepBound])
)
async def update_interaction(
    interaction_id: InteractionId,
    body: InteractionUpdate,
    interactions: InteractionsDep,
    session: WriteSession,
    caller: CallerDep,
    wanted: IfMatch,
    response: Response,
) -> InteractionRead:
    """Change an interaction by merge patch; its customer stays."""
    row, changed = await interactions.change(session, caller, interaction_id, body, wanted)
    set_etag(response, row["version"])
    if not changed:
        response.headers["Kith-Unchanged"] = "true"
    return interaction_of(row)


@router.delete(
    "/{interaction_id}",
    status_code=204,
    **operation(scopes=["interactions:write"], problems=[NotFound, PreconditionFailed]),
)
async def delete_interaction(
    interaction_id: InteractionId,
    interactions: InteractionsDep,
    session: WriteSession,
    caller: CallerDep,
    wanted: IfMatch,
) -> None:
    """Delete an interaction; it stays listed with `deleted=true`."""
    await interactions.delete(session, caller, interaction_id, wanted)
