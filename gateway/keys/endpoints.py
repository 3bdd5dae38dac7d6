"""`/v1/api-keys`."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Response

from gateway.keys import repository, rules
from gateway.keys.dependencies import KeysDep
from gateway.keys.errors import KeyNotActive, ScopeNotHeld
from gateway.keys.schemas import (
    Actor,
    ApiKeyCreate,
    ApiKeyIssuedRead,
    ApiKeyPage,
    ApiKeyQuery,
    ApiKeyRead,
    ApiKeySummary,
    ApiKeyUpdate,
    RotateCommand,
)
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.problems import NotFound, bad_parameter
from services.kit.web import (
    BindingDep,
    CallerDep,
    ClockDep,
    IfMatch,
    ReadSession,
    Ref,
    Router,
    WriteSession,
    operation,
    set_etag,
)
from services.kit.web.operation import ON_ID

if TYPE_CHECKING:
    import asyncpg

router = Router(prefix="/v1/api-keys", tags=["api-keys"])
KeyId = Annotated[UUID, Path(alias="id", description="Id of the key.")]


@router.post(
    "",
    status_code=201,
    **operation(scopes=["keys:write"], problems=[ScopeNotHeld], shown_once=True, fill_names=True),
)
async def create_api_key(
    body: ApiKeyCreate, session: WriteSession, keys: KeysDep, caller: CallerDep, clock: ClockDep, response: Response
) -> ApiKeyIssuedRead:
    """Make a key. Its text is in this answer only."""
    issued = await keys.create(session, body, caller)
    return await show_issued(session, issued.id, issued.text, clock.now(), response)


@router.get("", **operation(scopes=["keys:read"], fill_names=True))
async def list_api_keys(
    query: Annotated[ApiKeyQuery, Query()], session: ReadSession, bound: BindingDep, caller: CallerDep, clock: ClockDep
) -> ApiKeyPage:
    """List keys, without their texts; revoked and expired ones too."""
    where = repository.filters(query.status, [rep_of(rep, caller) for rep in query.rep_id], clock.now())
    rows = await repository.LISTING.fetch(session, where, query, bound, sort=query.sort)
    items = [ApiKeySummary.model_validate(shown(row, clock.now())) for row in rows.items]
    return ApiKeyPage(items=items, next_cursor=rows.next_cursor, count=rows.count)


@router.get("/{id}", **operation(scopes=["keys:read"], problems=ON_ID, fill_names=True))
async def read_api_key(
    key_id: KeyId, session: ReadSession, keys: KeysDep, clock: ClockDep, response: Response
) -> ApiKeyRead:
    """Read a key, without its text."""
    row = await keys.read(session, key_id)
    set_etag(response, row["version"])
    return ApiKeyRead.model_validate(shown(row, clock.now()))


@router.patch(
    "/{id}",
    **operation(scopes=["keys:write"], problems=[*ON_ID, ScopeNotHeld, KeyNotActive], fill_names=True),
)
async def update_api_key(
    key_id: KeyId,
    body: ApiKeyUpdate,
    session: WriteSession,
    keys: KeysDep,
    caller: CallerDep,
    clock: ClockDep,
    version: IfMatch,
    response: Response,
) -> ApiKeyRead:
    """Change a key; what is not sent stays. Replicas obey within seconds, most at once."""
    await keys.change(session, key_id, body, caller, version)
    row = await keys.read(session, key_id)
    set_etag(response, row["version"])
    return ApiKeyRead.model_validate(shown(row, clock.now()))


@router.delete("/{id}", status_code=204, **operation(scopes=["keys:write"], problems=ON_ID))
async def revoke_api_key(key_id: KeyId, session: WriteSession, keys: KeysDep, version: IfMatch) -> None:
    """Revoke a key for good. It stays readable, and its text is refused from now on."""
    await keys.revoke(session, key_id, version)


@router.post(
    "/{id}/rotate",
    status_code=201,
    **operation(
        scopes=["keys:write"],
        problems=[*ON_ID, ScopeNotHeld, KeyNotActive],
        shown_once=True,
        fill_names=True,
    ),
)
async def rotate_api_key(
    key_id: KeyId,
    body: RotateCommand,
    session: WriteSession,
    keys: KeysDep,
    caller: CallerDep,
    clock: ClockDep,
    version: IfMatch,
    response: Response,
) -> ApiKeyIssuedRead:
    """Make a new key with the same rights; the old one counts until the overlap ends."""
    issued = await keys.rotate(session, key_id, body.overlap, caller, version)
    return await show_issued(session, issued.id, issued.text, clock.now(), response)


async def show_issued(session: Session, key_id: UUID, text: str, now: datetime, response: Response) -> ApiKeyIssuedRead:
    """Return a new key with its text, and where it can be read from now on."""
    row = await repository.read(session, key_id)
    if row is None:
        raise NotFound
    response.headers["Location"] = f"/v1/api-keys/{key_id}"
    set_etag(response, row["version"])
    return ApiKeyIssuedRead.model_validate(shown(row, now) | {"key": text})


def shown(row: "asyncpg.Record", now: datetime) -> dict[str, Any]:
    """Return a row as it is shown; the name of the rep is filled on the way out."""
    values = dict(row)
    rep_id, old_id = values["rep_id"], values["rotated_from_id"]
    return values | {
        "status": rules.status(now, values["expires_at"], values["revoked_at"]),
        "rep": Ref(id=rep_id, type="rep", display_name=None) if rep_id else None,
        "rotated_from": Ref(id=old_id, type="api_key", display_name=values["rotated_from_name"]) if old_id else None,
        "created_by": Actor(id=values["created_by_id"], kind=values["created_by_kind"]),
    }


def rep_of(rep: object, caller: Identity) -> UUID | None:
    """Return the rep that a filter names; None for `null`."""
    if rep == "me":
        if caller.rep_id is None:
            raise bad_parameter("rep_id", "Your key stands for no rep.")
        return caller.rep_id
    return rep if isinstance(rep, UUID) else None
