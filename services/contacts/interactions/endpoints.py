"""Interactions over HTTP."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.contacts.callers import NoRepBound
from services.contacts.customers.dependencies import CustomersDep
from services.contacts.customers.service import Customers
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
from services.contacts.interactions.views import Row, interaction_of, page_of, participant_ids
from services.contacts.parameters import Reach
from services.contacts.written import Written
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.problems import NotFound, PreconditionFailed
from services.kit.web import BindingDep, CallerDep, ReadSession, Router, WriteSession, operation, set_etag
from services.kit.web.batches import BatchAborted, BatchRead
from services.kit.web.batching import Atomic, answer_batch
from services.kit.web.change import Change, ChangeDep, CreationDep

router = Router(prefix="/v1/interactions", tags=["interactions"])
InteractionId = Annotated[UUID, Path(description="Id of the interaction.")]
CHANGE = operation(scopes=["interactions:write"], problems=[NotFound, PreconditionFailed, NoRepBound])


async def answer(change: Change, customers: Customers, written: Written) -> InteractionRead:
    """Return a written interaction with the headers that go with it."""
    address = f"/v1/interactions/{written.row['id']}" if written.created else None
    change.done(written.row["version"], created_at=address, unchanged=written.unchanged)
    return await named(change.session, change.caller, customers, written.row)


async def named(session: Session, caller: Identity, customers: Customers, row: Row) -> InteractionRead:
    """Return an interaction with the names of those who took part."""
    return interaction_of(row, await customers.refs(session, caller, participant_ids(row)))


@router.post("", status_code=201, **operation(scopes=["interactions:write"], problems=[NoRepBound]))
async def create_interaction(
    body: InteractionCreate, interactions: InteractionsDep, customers: CustomersDep, change: CreationDep
) -> InteractionRead:
    """Record something that happened between us and a person or account."""
    return await answer(change, customers, await interactions.record(change.session, change.caller, body))


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
    atomic: Atomic = False,
    effects: Reach = "all",
) -> BatchRead:
    """Record up to 1,000 interactions; each is judged on its own unless `atomic`."""
    record = partial(interactions.record_many, session, caller, effects=effects)
    return await answer_batch(request, body.items, record, lambda written: written.line, atomic=atomic)


@router.get("/{interaction_id}", **operation(scopes=["interactions:read"], problems=[NotFound]))
async def read_interaction(
    interaction_id: InteractionId,
    interactions: InteractionsDep,
    customers: CustomersDep,
    session: ReadSession,
    caller: CallerDep,
    response: Response,
) -> InteractionRead:
    """Read an interaction."""
    row = await interactions.read(session, caller, interaction_id)
    set_etag(response, row["version"])
    return await named(session, caller, customers, row)


@router.patch("/{interaction_id}", **CHANGE)
async def update_interaction(
    interaction_id: InteractionId,
    body: InteractionUpdate,
    interactions: InteractionsDep,
    customers: CustomersDep,
    change: ChangeDep,
) -> InteractionRead:
    """Change an interaction by merge patch; its customer stays."""
    written = await interactions.change(change.session, change.caller, interaction_id, body, change.wanted)
    return await answer(change, customers, written)


@router.delete("/{interaction_id}", status_code=204, **CHANGE)
async def delete_interaction(interaction_id: InteractionId, interactions: InteractionsDep, change: ChangeDep) -> None:
    """Delete an interaction; it stays listed with `deleted=true`."""
    await interactions.delete(change.session, change.caller, interaction_id, change.wanted)
