"""What other services ask about customers: names, profiles, one customer in full."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from services.contacts.accounts.dependencies import AccountsDep
from services.contacts.accounts.views import account_of
from services.contacts.customers.dependencies import CustomersDep
from services.contacts.customers.schemas import AskedIds, AudienceRead, CustomerRead, NamesRead, ProfileRead
from services.contacts.people.dependencies import PeopleDep
from services.contacts.people.views import person_of
from services.kit.problems import NotFound
from services.kit.web import CallerDep, ReadSession, Router, WriteSession, operation

router = Router(prefix="/internal", tags=["internal"])
INTERNAL = operation(scopes=["internal"], internal=True)


@router.post("/names", **INTERNAL)
async def name_references(
    body: AskedIds, customers: CustomersDep, session: WriteSession, caller: CallerDep
) -> NamesRead:
    """Name people, accounts, orders, reps and sources by their ids, as far as the caller may see them."""
    rows = await customers.rows.names(session, caller, body.ids)
    found = [{name: value for name, value in row.items() if name != "key" or row["type"] == "source"} for row in rows]
    return NamesRead.model_validate({"items": found})


@router.post("/audience", **INTERNAL)
async def read_audience(
    body: AskedIds, customers: CustomersDep, session: WriteSession, caller: CallerDep
) -> AudienceRead:
    """Read what the care of customers needs to know of them; deleted and joined ones too."""
    rows = await customers.rows.audience(session, caller, body.ids)
    return AudienceRead(items=[ProfileRead.model_validate(dict(row)) for row in rows])


@router.get("/customers/{customer_id}", **operation(scopes=["internal"], internal=True, problems=[NotFound]))
async def read_customer(
    customer_id: Annotated[UUID, Path(description="Id of a person or an account.")],
    customers: CustomersDep,
    people: PeopleDep,
    accounts: AccountsDep,
    session: ReadSession,
    caller: CallerDep,
) -> CustomerRead:
    """Read a customer of either kind as the caller may see it; one who was joined answers with who stays."""
    found = (await customers.find(session, caller, [customer_id])).get(customer_id)
    if found is None:
        raise NotFound
    if found.type == "person":
        shown = person_of(await people.read(session, caller, found.id), caller).model_dump(mode="json", by_alias=True)
    else:
        shown = account_of(await accounts.read(session, caller, found.id)).model_dump(mode="json", by_alias=True)
    return CustomerRead(id=found.id, type=found.type, customer=shown)
