"""Orders over HTTP."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.contacts.callers import NoRepBound
from services.contacts.external_path import ExternalPath
from services.contacts.orders.dependencies import OrdersDep
from services.contacts.orders.errors import OrderExists
from services.contacts.orders.queries import OrderQuery, conditions
from services.contacts.orders.schemas import (
    CancelCommand,
    OrderCreate,
    OrderPage,
    OrderRead,
    OrderRefund,
    OrdersBatchCommand,
    OrderUpsert,
)
from services.contacts.orders.views import order_of, page_of
from services.contacts.parameters import Reach
from services.contacts.written import Written
from services.kit.problems import NotFound, PreconditionFailed
from services.kit.web import BindingDep, CallerDep, ReadSession, Router, WriteSession, operation, set_etag
from services.kit.web.batches import BatchAborted, BatchRead
from services.kit.web.batching import Atomic, answer_batch
from services.kit.web.change import Change, ChangeDep, CreationDep

router = Router(prefix="/v1/orders", tags=["orders"])
OrderId = Annotated[UUID, Path(description="Id of the order.")]
LARGE_BODY = 16_777_216


def answer(change: Change, written: Written) -> OrderRead:
    """Return a written order with the headers that go with it."""
    address = f"/v1/orders/{written.row['id']}" if written.created else None
    change.done(written.row["version"], created_at=address, unchanged=written.unchanged)
    return order_of(written.row)


@router.post("", status_code=201, **operation(scopes=["orders:write"], problems=[OrderExists, NoRepBound]))
async def create_order(
    body: OrderCreate,
    orders: OrdersDep,
    change: CreationDep,
    effects: Reach = "all",
) -> OrderRead:
    """Create an order. The buyer is found by identifiers or made; the account, if there is one, is credited.

    The rep of a caller who does not see all customers looks after those who are new.
    """
    return answer(change, await orders.create(change.session, change.caller, body, effects))


@router.get("", **operation(scopes=["orders:read"]))
async def list_orders(
    query: Annotated[OrderQuery, Query()], orders: OrdersDep, session: ReadSession, caller: CallerDep, bound: BindingDep
) -> OrderPage:
    """List orders, the latest first."""
    rows = await orders.rows.page(session, conditions(query, caller), query, bound, query.sort)
    return page_of(rows)


@router.post(
    "/batch", status_code=207, **operation(scopes=["orders:write"], problems=[BatchAborted], max_body=LARGE_BODY)
)
async def create_orders_batch(
    body: OrdersBatchCommand,
    orders: OrdersDep,
    session: WriteSession,
    caller: CallerDep,
    request: Request,
    atomic: Atomic = False,
    effects: Reach = "all",
) -> BatchRead:
    """Take in up to 1,000 whole orders: 201 for new ones, 200 for known ones, of which the newer state wins."""
    take_in = partial(orders.take_in_many, session, caller, effects=effects)
    return await answer_batch(request, body.items, take_in, lambda applied: applied.line, atomic=atomic)


@router.put(
    "/external/{source}/{external_id:path}",
    **operation(
        scopes=["orders:write"],
        problems=[NotFound, PreconditionFailed, NoRepBound],
        responses={201: {"model": OrderRead, "description": "Created"}},
    ),
)
async def upsert_order(
    key: ExternalPath,
    body: OrderUpsert,
    orders: OrdersDep,
    change: ChangeDep,
    effects: Reach = "all",
) -> OrderRead:
    """Create the order that another system names so, or change the fields that were sent.

    A body whose `updated_at` is older than what is known changes nothing and answers with `Kith-Unchanged`.
    """
    return answer(change, await orders.upsert(change.session, change.caller, key, body, change.wanted, effects))


@router.get("/{order_id}", **operation(scopes=["orders:read"], problems=[NotFound]))
async def read_order(
    order_id: OrderId, orders: OrdersDep, session: ReadSession, caller: CallerDep, response: Response
) -> OrderRead:
    """Read an order."""
    row = await orders.read(session, caller, order_id)
    set_etag(response, row["version"])
    return order_of(row)


@router.post("/{order_id}/refunds", **operation(scopes=["orders:write"], problems=[NotFound, PreconditionFailed]))
async def refund_order(
    order_id: OrderId,
    body: OrderRefund,
    orders: OrdersDep,
    change: ChangeDep,
    effects: Reach = "all",
) -> OrderRead:
    """Add a refund to an order; it lowers the order itself, whatever the refund's own day."""
    return answer(change, await orders.refund(change.session, change.caller, order_id, body, change.wanted, effects))


@router.post("/{order_id}/cancel", **operation(scopes=["orders:write"], problems=[NotFound, PreconditionFailed]))
async def cancel_order(
    order_id: OrderId,
    body: CancelCommand,
    orders: OrdersDep,
    change: ChangeDep,
    effects: Reach = "all",
) -> OrderRead:
    """Cancel an order; it counts no longer. A newer message of its shop decides again."""
    return answer(change, await orders.cancel(change.session, change.caller, order_id, body, change.wanted, effects))
