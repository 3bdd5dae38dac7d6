"""`/v1/customers`: people and accounts as one list."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from services.campaigns.customers.dependencies import CustomersDep
from services.campaigns.customers.readings import summary, whole
from services.campaigns.customers.schemas import CustomerPage, CustomerQuery, CustomerRead, CustomerSearch
from services.kit.identity import Identity
from services.kit.web import BindingDep, CallerDep, ReadSession, Router, Rows, WriteSession, operation
from services.kit.web.operation import ON_ID

router = Router(prefix="/v1/customers", tags=["customers"])
CustomerId = Annotated[UUID, Path(description="Id of a person or an account.")]


@router.get("", **operation(scopes=["people:read"], fill_names=True))
async def list_customers(
    query: Annotated[CustomerQuery, Query()],
    session: ReadSession,
    customers: CustomersDep,
    caller: CallerDep,
    bound: BindingDep,
) -> CustomerPage:
    """List customers by score, tag, owner and more: who matters, and who needs care next."""
    return paged(await customers.page(session, caller, query, bound), caller)


@router.post("/query", **operation(scopes=["people:read"], fill_names=True))
async def query_customers(
    body: CustomerSearch, session: WriteSession, customers: CustomersDep, caller: CallerDep, bound: BindingDep
) -> CustomerPage:
    """List customers by a tree of conditions, the grammar of segments. Nothing is changed."""
    return paged(await customers.search(session, caller, body, bound), caller)


@router.get("/{customer_id}", **operation(scopes=["people:read"], problems=ON_ID, fill_names=True))
async def read_customer(
    customer_id: CustomerId, session: ReadSession, customers: CustomersDep, caller: CallerDep
) -> CustomerRead:
    """Read a customer as care sees him or her: scores in short, contacts, what waits."""
    return whole(await customers.read(session, caller, customer_id), caller)


def paged(rows: Rows, caller: Identity) -> CustomerPage:
    """Return a page as clients see it."""
    items = [summary(row, caller) for row in rows.items]
    return CustomerPage(items=items, next_cursor=rows.next_cursor, count=rows.count)
