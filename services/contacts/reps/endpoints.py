"""Reps over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from services.contacts.conditions import add_choice, add_span
from services.contacts.reps.dependencies import RepsDep
from services.contacts.reps.errors import RepEmailTaken
from services.contacts.reps.schemas import RepCreate, RepPage, RepQuery, RepRead, RepUpdate
from services.kit.problems import NotFound, PreconditionFailed
from services.kit.web import (
    BindingDep,
    IfMatch,
    ReadSession,
    Router,
    Where,
    WriteSession,
    operation,
    set_etag,
)

router = Router(prefix="/v1/reps", tags=["reps"])
RepId = Annotated[UUID, Path(description="Id of the rep.")]


@router.post("", status_code=201, **operation(scopes=["reps:write"], problems=[RepEmailTaken]))
async def create_rep(body: RepCreate, reps: RepsDep, session: WriteSession, response: Response) -> RepRead:
    """Create a rep: a member of staff who looks after customers."""
    row = await reps.create(session, body)
    set_etag(response, row["version"])
    response.headers["Location"] = f"/v1/reps/{row['id']}"
    return RepRead.model_validate(dict(row))


@router.get("", **operation(scopes=["reps:read"]))
async def list_reps(
    query: Annotated[RepQuery, Query()], reps: RepsDep, session: ReadSession, bound: BindingDep
) -> RepPage:
    """List reps by name."""
    where = Where()
    if query.active is not None:
        where.add("active = {}", query.active)
    add_choice(where, "email", query.email)
    add_span(where, "created_at", query.created_after, query.created_before)
    add_span(where, "updated_at", query.updated_after, query.updated_before)
    rows = await reps.rows.page(session, where, query, bound, query.sort)
    items = [RepRead.model_validate(dict(row)) for row in rows.items]
    return RepPage(items=items, next_cursor=rows.next_cursor, count=rows.count)


@router.get("/{rep_id}", **operation(scopes=["reps:read"], problems=[NotFound]))
async def read_rep(rep_id: RepId, reps: RepsDep, session: ReadSession, response: Response) -> RepRead:
    """Read a rep."""
    row = await reps.read(session, rep_id)
    set_etag(response, row["version"])
    return RepRead.model_validate(dict(row))


@router.patch("/{rep_id}", **operation(scopes=["reps:write"], problems=[NotFound, PreconditionFailed, RepEmailTaken]))
async def update_rep(
    rep_id: RepId, body: RepUpdate, reps: RepsDep, session: WriteSession, wanted: IfMatch, response: Response
) -> RepRead:
    """Change a rep by merge patch; one who leaves becomes inactive."""
    row = await reps.change(session, rep_id, body, wanted)
    set_etag(response, row["version"])
    return RepRead.model_validate(dict(row))
