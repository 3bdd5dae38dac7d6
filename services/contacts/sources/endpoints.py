"""Sources and their deliveries over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.contacts.customers.dependencies import CustomersDep
from services.contacts.sources.dependencies import SourcesDep
from services.contacts.sources.errors import SourceKeyTaken, SourceTakesNoCalls
from services.contacts.sources.queries import (
    DeliveryQuery,
    SourceQuery,
    delivery_conditions,
    replay_conditions,
    source_conditions,
)
from services.contacts.sources.schemas import (
    DeliveryPage,
    DeliveryRead,
    PlatformPage,
    ReplayCommand,
    ReplayRead,
    SecretCreate,
    SecretCreated,
    SetupRead,
    SourceCreate,
    SourceCreated,
    SourcePage,
    SourceRead,
    SourceUpdate,
)
from services.contacts.sources.views import (
    created_source,
    delivery_of,
    delivery_summary,
    named_ids,
    platforms,
    setup_of,
    source_of,
)
from services.kit.problems import NotFound, PreconditionFailed
from services.kit.web import (
    BindingDep,
    CallerDep,
    IfMatch,
    LocaleDep,
    ReadSession,
    Router,
    WriteSession,
    operation,
    set_etag,
)

READ_BODY = "deliveries:read_body"

router = Router(prefix="/v1", tags=["sources"])
SourceId = Annotated[UUID, Path(description="Id of the source.")]
DeliveryId = Annotated[UUID, Path(description="Id of the delivery.")]


def public_url(request: Request) -> str:
    """Return the address under which users reach us."""
    url: str = request.app.state.kit.settings.public_url
    return url


@router.get("/source-platforms", **operation(scopes=["sources:read"]))
async def list_source_platforms() -> PlatformPage:
    """List the platforms that can be connected, with the topics that we read of each."""
    return PlatformPage(items=platforms(), next_cursor=None, count=None)


@router.post(
    "/sources",
    status_code=201,
    **operation(scopes=["sources:write"], problems=[SourceKeyTaken, SourceTakesNoCalls], shown_once=True),
)
async def create_source(
    body: SourceCreate, verbs: SourcesDep, session: WriteSession, request: Request, response: Response
) -> SourceCreated:
    """Connect a shop, or name another system whose ids you want to use.

    A secret that we made up is in this answer and never again.
    """
    row, secret = await verbs.create(session, body)
    set_etag(response, row["version"])
    response.headers["Location"] = f"/v1/sources/{row['id']}"
    return created_source(row, public_url(request), secret)


@router.get("/sources", **operation(scopes=["sources:read"]))
async def list_sources(
    query: Annotated[SourceQuery, Query()],
    verbs: SourcesDep,
    session: ReadSession,
    caller: CallerDep,
    bound: BindingDep,
    request: Request,
) -> SourcePage:
    """List sources, newest first."""
    rows = await verbs.rows.page(session, source_conditions(query, caller.workspace_id), query, bound, query.sort)
    items = [source_of(verbs.present(dict(row)), public_url(request)) for row in rows.items]
    return SourcePage(items=items, next_cursor=rows.next_cursor, count=rows.count)


@router.get("/sources/{source_id}", **operation(scopes=["sources:read"], problems=[NotFound]))
async def read_source(
    source_id: SourceId, verbs: SourcesDep, session: ReadSession, request: Request, response: Response
) -> SourceRead:
    """Read a source: how it is doing, and which secrets are accepted."""
    row = await verbs.read(session, source_id)
    set_etag(response, row["version"])
    return source_of(row, public_url(request))


@router.patch("/sources/{source_id}", **operation(scopes=["sources:write"], problems=[NotFound, PreconditionFailed]))
async def update_source(
    source_id: SourceId,
    body: SourceUpdate,
    verbs: SourcesDep,
    session: WriteSession,
    wanted: IfMatch,
    request: Request,
    response: Response,
) -> SourceRead:
    """Change the name of a source; its key and platform are fixed."""
    row = await verbs.change(session, source_id, body, wanted)
    set_etag(response, row["version"])
    return source_of(row, public_url(request))


@router.get("/sources/{source_id}/setup", **operation(scopes=["sources:read"], problems=[NotFound]))
async def read_source_setup(
    source_id: SourceId, verbs: SourcesDep, session: ReadSession, locale: LocaleDep, request: Request
) -> SetupRead:
    """Read how to make the shop call us, step by step."""
    return setup_of(await verbs.read(session, source_id), public_url(request), locale)


@router.post(
    "/sources/{source_id}/secrets",
    status_code=201,
    **operation(scopes=["sources:write"], problems=[NotFound, SourceTakesNoCalls], shown_once=True),
)
async def create_source_secret(
    source_id: SourceId, body: SecretCreate, verbs: SourcesDep, session: WriteSession
) -> SecretCreated:
    """Replace the secret. The ones before it are accepted too until the overlap ends."""
    row, secret = await verbs.add_secret(session, source_id, body)
    return SecretCreated.model_validate({**row, "secret": secret})


@router.get("/sources/{source_id}/deliveries", **operation(scopes=["sources:read"], problems=[NotFound]))
async def list_source_deliveries(
    source_id: SourceId,
    query: Annotated[DeliveryQuery, Query()],
    verbs: SourcesDep,
    customers: CustomersDep,
    session: ReadSession,
    caller: CallerDep,
    bound: BindingDep,
) -> DeliveryPage:
    """List the calls of a shop and what became of each, newest first."""
    await verbs.read(session, source_id)
    where = delivery_conditions(query, caller.workspace_id, source_id)
    rows = await verbs.rows.deliveries(session, where, query, bound, query.sort)
    found = [dict(row) for row in rows.items]
    refs = await customers.refs(session, caller, [one for row in found for one in named_ids(row)])
    items = [delivery_summary(row, refs) for row in found]
    return DeliveryPage(items=items, next_cursor=rows.next_cursor, count=rows.count)


@router.get("/sources/{source_id}/deliveries/{delivery_id}", **operation(scopes=["sources:read"], problems=[NotFound]))
async def read_source_delivery(
    source_id: SourceId,
    delivery_id: DeliveryId,
    verbs: SourcesDep,
    customers: CustomersDep,
    session: ReadSession,
    caller: CallerDep,
) -> DeliveryRead:
    """Read one call of a shop. Its body needs the scope deliveries:read_body."""
    row = await verbs.delivery(session, source_id, delivery_id, with_body=caller.may(READ_BODY))
    return delivery_of(row, await customers.refs(session, caller, named_ids(row)))


@router.post(
    "/sources/{source_id}/deliveries/{delivery_id}/retry",
    **operation(scopes=["sources:write"], problems=[NotFound]),
)
async def retry_source_delivery(
    source_id: SourceId,
    delivery_id: DeliveryId,
    verbs: SourcesDep,
    customers: CustomersDep,
    session: WriteSession,
    caller: CallerDep,
) -> DeliveryRead:
    """Work a call out once more, for example after what it waited for has come."""
    row = await verbs.retry(session, source_id, delivery_id)
    refs = await customers.refs(session, caller, named_ids(row))
    return delivery_of({**row, "headers": {}, "body": None}, refs)


@router.post("/sources/{source_id}/replay", **operation(scopes=["sources:write"], problems=[NotFound]))
async def replay_source(
    source_id: SourceId, body: ReplayCommand, verbs: SourcesDep, session: WriteSession, caller: CallerDep
) -> ReplayRead:
    """Work many calls out once more, up to 10,000 at a time, oldest first."""
    where = replay_conditions(body, caller.workspace_id, source_id)
    queued, last = await verbs.replay(session, source_id, body, where)
    return ReplayRead(queued=queued, next_received_after=last)
