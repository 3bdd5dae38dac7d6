"""What the bodies of orders refer to: sources, reps, customers; looked up for many at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.contacts.callers import owner_of_new, rep_of
from services.contacts.customers.service import Customers, Known
from services.contacts.orders.repository import OrdersRepository
from services.contacts.orders.schemas import OrderUpsert
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.problems import Problem, invalid_body

BUILT_IN = frozenset({"import", "manual"})


@dataclass(frozen=True, slots=True)
class Meant:
    """What was found of the references in some bodies."""

    caller: Identity
    sources: dict[str, UUID]
    reps: set[UUID]
    customers: dict[UUID, Known]
    region: str | None

    def has_source(self, key: str) -> bool:
        """Tell whether there is a source with this key."""
        return key in self.sources or key in BUILT_IN

    def rep(self, body: OrderUpsert) -> UUID | None:
        """Return the rep that a body names."""
        return rep_of(self.caller, body.rep_id)

    @property
    def owner(self) -> UUID | None:
        """Who looks after customers of whom a body is the first to tell."""
        return owner_of_new(self.caller)

    def parties(self, body: OrderUpsert) -> tuple[UUID | None, UUID | None]:
        """Return buyer and account among those that a body names by our own ids; an account may be the customer."""
        customer = self.customers.get(body.customer_id) if body.customer_id else None
        account = self.customers.get(body.account_id) if body.account_id else None
        buyer_id = customer.id if customer and customer.type == "person" else None
        account_id = account.id if account else customer.id if customer and customer.type == "account" else None
        return buyer_id, account_id

    def fault_in(self, body: OrderUpsert, source: str) -> Problem | None:
        """Return what a body names that is not there, None if all is."""
        for key, pointer in ((source, "#/source"), *named_sources(body)):
            if not self.has_source(key):
                return invalid_body(pointer, f"There is no source {key}.", "unknown_source")
        if body.customer_id and body.customer_id not in self.customers:
            return invalid_body("#/customer_id", "There is no such person or account.", "unknown_customer")
        account = self.customers.get(body.account_id) if body.account_id else None
        if body.account_id and (account is None or account.type != "account"):
            return invalid_body("#/account_id", "There is no such account.", "unknown_account")
        return self._rep_fault(body)

    def _rep_fault(self, body: OrderUpsert) -> Problem | None:
        try:
            rep_id = self.rep(body)
        except Problem as problem:
            return problem
        unknown = rep_id is not None and rep_id not in self.reps
        return invalid_body("#/rep_id", "There is no such rep.", "unknown_rep") if unknown else None


class References:
    """Looks up what bodies refer to."""

    def __init__(self, rows: OrdersRepository, customers: Customers) -> None:
        self._rows = rows
        self._customers = customers

    async def of(
        self, session: Session, caller: Identity, bodies: Sequence[OrderUpsert], sources: Sequence[str]
    ) -> Meant:
        """Return what is there of all that some bodies refer to."""
        keys = {*sources, *(key for body in bodies for key, _ in named_sources(body))}
        customers = {one for body in bodies for one in (body.customer_id, body.account_id) if one}
        reps = {caller.rep_id if body.rep_id == "me" else body.rep_id for body in bodies if body.rep_id}
        wanted_reps = [rep for rep in reps if isinstance(rep, UUID)]
        phones = any(body.customer and body.customer.phones for body in bodies)
        return Meant(
            caller=caller,
            sources=await self._rows.sources(session, sorted(keys)),
            reps=await self._rows.reps(session, wanted_reps) if wanted_reps else set(),
            customers=await self._customers.find(session, caller, customers) if customers else {},
            region=await self._rows.default_region(session) if phones else None,
        )


def named_sources(body: OrderUpsert) -> Iterator[tuple[str, str]]:
    """Yield the source keys in the external ids of a body, with their places."""
    for place, entry in enumerate(body.customer.external_ids if body.customer else ()):
        yield entry.source, f"#/customer/external_ids/{place}/source"
    if body.account:
        yield body.account.source, "#/account/source"
