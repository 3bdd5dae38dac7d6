"""Keeping facts and handing them out: events become rows with their worth, rows become subjects of an evaluation."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from services.kit.database import Session
from services.scoring.facts import reading, repository
from services.scoring.facts.reading import find, lock_all
from services.scoring.facts.repository import (
    buyers_in,
    drop_unseen,
    forget_versions,
    looked_after,
    meet_customers,
    put_customers,
    put_interactions,
    put_rates,
    put_reps,
    scorable_after,
)
from services.scoring.facts.rules import (
    Contact,
    History,
    Order,
    Purchase,
    Rates,
    Refund,
    Subject,
    Worth,
    is_open_unpaid,
    local_day,
    rates_of,
    settled_at,
    worth,
)
from services.scoring.rows import Row

__all__ = [
    "NOT_TOLD",
    "Loaded",
    "Valuer",
    "accounts_of",
    "buyers_in",
    "drop_unseen",
    "find",
    "forget_versions",
    "holders",
    "load",
    "lock",
    "lock_all",
    "looked_after",
    "meet_customers",
    "put_customers",
    "put_interactions",
    "put_orders",
    "put_rates",
    "put_reps",
    "revalue_customers",
    "revalue_nameless",
    "scorable_after",
    "unsettled",
    "valuer_for",
]

NOT_TOLD_CURRENCY = ""
ALWAYS = datetime(9999, 12, 31, tzinfo=UTC)
"""A time at which every fact is known."""
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Valuer:
    """Values the orders of one workspace."""

    zone: ZoneInfo
    rates: Rates
    basis: str

    def worth(self, order: Order, as_of: datetime = ALWAYS) -> Worth:
        """Return what an order comes to at a time, by default when all is known."""
        return worth(order, as_of, self.zone, self.rates, self.basis)

    def columns(self, order: Order) -> dict[str, object]:
        """Return what an order comes to, as it is stored beside its facts."""
        found = self.worth(order)
        return {
            "settled_at": settled_at(order),
            "day": date.fromordinal(found.day),
            "counts": found.counts and found.net_minor is not None,
            "net_minor": found.net_minor,
            "missing_rate": found.missing_rate,
            "over_refunded": found.over_refunded,
        }


NOT_TOLD = Valuer(ZoneInfo("UTC"), Rates(NOT_TOLD_CURRENCY, {}), "total")
"""Values orders of a workspace whose settings have not come yet: nothing has a rate, so nothing is worth anything."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A subject, and since when and until when time alone adds no fact to it."""

    subject: Subject
    wake_at: datetime | None
    """When the next fact that is dated in the future becomes known."""
    settled_at: datetime | None = None
    """The own time of the latest fact about its orders; None without orders, or while one of them waits."""


async def valuer_for(session: Session, workspace_id: UUID, zone: ZoneInfo, currency: str, basis: str) -> Valuer:
    """Return the valuer of a workspace, its rates read now."""
    rows = await repository.rates(session, workspace_id)
    dated = ((row["currency"], row["valid_from"], Decimal(row["rate"])) for row in rows)
    return Valuer(zone, rates_of(currency, dated), basis)


async def put_orders(session: Session, rows: Iterable[tuple[dict[str, Any], Valuer]]) -> Sequence[Row]:
    """Take over orders, each valued in its workspace; return whose they are and were."""
    valued = [
        {**row, **valuer.columns(order_of(row)), "refunds": orjson.dumps(row["refunds"]).decode()}
        for row, valuer in rows
    ]
    return await repository.put_orders(session, valued)


async def revalue_customers(session: Session, workspace_id: UUID, customers: Collection[UUID], valuer: Valuer) -> int:
    """Value all orders of customers again; return how many came to something else."""
    rows = await repository.orders_of(session, workspace_id, customers)
    return await repository.revalue(session, workspace_id, [revalued(row, valuer) for row in rows])


async def revalue_nameless(session: Session, workspace_id: UUID, after: UUID, valuer: Valuer) -> UUID | None:
    """Value a chunk of orders that nobody is credited with; return where to go on, None at the end."""
    rows = await repository.nameless_orders(session, workspace_id, after, CHUNK)
    await repository.revalue(session, workspace_id, [revalued(row, valuer) for row in rows])
    return rows[-1]["order_id"] if len(rows) == CHUNK else None


def revalued(row: Row, valuer: Valuer) -> Row:
    """Return the worth of a stored order by its id."""
    return {"order_id": row["order_id"], **valuer.columns(order_of(row))}


async def unsettled(
    session: Session, workspace_id: UUID, as_of: datetime, valuer: Valuer
) -> list[tuple[UUID | None, date, int]]:
    """Return whose, on which day and for how much orders counted at `as_of` of which later facts are known."""
    rows = await repository.unsettled(session, workspace_id, as_of)
    found = [(row["customer_id"], valuer.worth(order_of(row), as_of)) for row in rows]
    return [
        (customer, date.fromordinal(one.day), one.net_minor)
        for customer, one in found
        if one.counts and one.net_minor is not None
    ]


async def holders(
    session: Session, orders: Collection[tuple[UUID, UUID]], interactions: Collection[tuple[UUID, UUID]]
) -> set[tuple[UUID, UUID]]:
    """Return the customers, with their workspaces, who hold these orders and interactions so far."""
    rows = await reading.holders(session, orders, interactions)
    return {(row["workspace_id"], row["customer_id"]) for row in rows}


async def accounts_of(session: Session, people: Collection[tuple[UUID, UUID]]) -> list[tuple[UUID, UUID]]:
    """Return the accounts, with their workspaces, for which people bought."""
    rows = await reading.accounts_of(session, [one for one, _ in people], [person for _, person in people])
    return [(row["workspace_id"], row["customer_id"]) for row in rows]


def order_of(row: Row) -> Order:
    """Return a stored or told order as the rules see it."""
    refunds = (Refund(instant(one["processed_at"]), one["amount_minor"]) for one in row["refunds"])
    return Order(
        order_id=row["order_id"],
        placed_at=row["placed_at"],
        status=row["status"],
        currency=row["currency"],
        total_minor=row["total_minor"],
        payment_kind=row["payment_kind"],
        goods_minor=row["goods_minor"],
        refunds=tuple(refunds),
        cancelled_at=row["cancelled_at"],
        status_before=row["status_before"],
        test=row["test"],
    )


def instant(value: str | datetime) -> datetime:
    """Return an instant from stored JSON."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


async def lock(session: Session, workspace_id: UUID, ids: Collection[UUID]) -> None:
    """Lock customers, so that nobody else evaluates them before this transaction ends."""
    await reading.customers(session, workspace_id, ids, lock=True)


async def load(
    session: Session, workspace_id: UUID, ids: Collection[UUID], as_of: datetime, valuer: Valuer, *, lock: bool
) -> list[Loaded]:
    """Return customers with all facts known at `as_of`; `lock` them for an evaluation that will be written."""
    batch = Batch(as_of, valuer)
    rows = await reading.customers(session, workspace_id, ids, lock=lock)
    for row in await reading.purchases(session, workspace_id, ids, as_of):
        batch.add_all(row)
    if others := [one for one in ids if one not in batch.histories]:
        for row in await reading.orders(session, workspace_id, others, as_of):
            batch.add(row)
    if batch.unsettled:
        for row in await reading.raw_orders(session, workspace_id, list(batch.unsettled), as_of):
            batch.add_raw(row)
    histories = {one: batch.history(one) for one in (row["customer_id"] for row in rows)}
    await batch.read_contacts(session, workspace_id, rows, histories)
    return [batch.loaded(row, histories[row["customer_id"]]) for row in rows]


class Batch:
    """The facts of a batch of customers while they are gathered."""

    def __init__(self, as_of: datetime, valuer: Valuer) -> None:
        self.as_of = as_of
        self.valuer = valuer
        self.histories: dict[UUID, History] = {}
        self.purchases: defaultdict[UUID, list[Purchase]] = defaultdict(list)
        self.missing: defaultdict[UUID, set[str]] = defaultdict(set)
        self.warnings: defaultdict[UUID, list[str]] = defaultdict(list)
        self.contacts: defaultdict[UUID, list[Contact]] = defaultdict(list)
        self.waits: defaultdict[UUID, list[datetime]] = defaultdict(list)
        self.unsettled: set[UUID] = set()
        self.settled: dict[UUID, datetime] = {}
        self.accounts: dict[UUID, UUID] = {}
        self.news: dict[UUID, Row] = {}

    def add_all(self, row: Row) -> None:
        """Take all orders of a customer: purchases and nothing else."""
        columns = row["ids"], row["placed"], row["days"], row["nets"], row["effects"]
        self.histories[row["customer_id"]] = History(columns=columns)
        self.settled[row["customer_id"]] = row["settled_at"]

    def history(self, customer: UUID) -> History:
        """Return what a customer bought."""
        return self.histories.get(customer) or History(self.purchases[customer])

    def add(self, row: Row) -> None:
        """Take an order whose worth is stored; one with later facts is looked at again, whole."""
        customer = row["customer_id"]
        if row["settled_at"] > self.as_of:
            self.unsettled.add(customer)
            return
        self.settled[customer] = max(row["settled_at"], self.settled.get(customer, row["settled_at"]))
        if row["counts"]:
            self._purchase(customer, row, row["day"].toordinal(), row["net_minor"])
        elif row["missing_rate"]:
            self.missing[customer].add(row["missing_rate"])
        elif row["status"] in {"pending", "on_hold"} and not row["test"]:
            self._waiting(customer, row["order_id"], row["day"].toordinal())
        if row["over_refunded"]:
            self.warnings[customer].append(f"over_refund {row['order_id']}")

    def add_raw(self, row: Row) -> None:
        """Take an order at an earlier time than its latest fact."""
        customer, order = row["customer_id"], order_of(row)
        later = [order.placed_at, order.cancelled_at, *(refund.processed_at for refund in order.refunds)]
        self.waits[customer] += [at for at in later if at is not None and at > self.as_of]
        if order.placed_at > self.as_of:
            return
        found = self.valuer.worth(order, self.as_of)
        if found.over_refunded:
            self.warnings[customer].append(f"over_refund {order.order_id}")
        if found.missing_rate:
            self.missing[customer].add(found.missing_rate)
        elif found.counts and found.net_minor is not None:
            self._purchase(customer, row, found.day, found.net_minor)
        elif is_open_unpaid(order, self.as_of):
            self._waiting(customer, order.order_id, found.day)

    async def read_contacts(
        self, session: Session, workspace_id: UUID, rows: Sequence[Row], histories: Mapping[UUID, History]
    ) -> None:
        """Read contacts, but only of those whose scores can depend on them."""
        once = [customer for customer, history in histories.items() if history.n == 1]
        if once:
            for row in await reading.asked(session, workspace_id, once):
                self._asked(row)
        accounts = [row["customer_id"] for row in rows if row["type"] == "account" and histories[row["customer_id"]].n]
        if accounts:
            found = await reading.news(session, workspace_id, accounts, self.as_of)
            self.news = {row["account_id"]: row for row in found}
        bought_nothing = [customer for customer, history in histories.items() if not history.n]
        if bought_nothing:
            credited = await reading.credited_to(session, workspace_id, bought_nothing, self.as_of)
            self.accounts = {row["buyer_id"]: row["account_id"] for row in credited}

    def loaded(self, row: Row, history: History) -> Loaded:
        """Return one customer of the batch."""
        customer = row["customer_id"]
        news = self.news.get(customer)
        subject = Subject(
            customer_id=customer,
            customer_type=row["type"],
            history=history,
            designated_at=row["designated_at"],
            excluded=exclusion(row),
            scored_as=self.accounts.get(customer) if row["type"] == "person" else None,
            missing=tuple(sorted(self.missing[customer])),
            warnings=tuple(sorted(self.warnings[customer])),
            contacts=tuple(self.contacts[customer]),
            first_contact_day=self._day(news["first_at"]) if news else None,
            last_news_day=self._day(news["news_at"]) if news and news["news_at"] else None,
            left_reps=tuple(row["left_reps"] or ()),
        )
        waits = self.waits[customer]
        if row["designated_at"] is not None and row["designated_at"] > self.as_of:
            waits.append(row["designated_at"])
        settled_at = None if customer in self.unsettled else self.settled.get(customer)
        return Loaded(subject, min(waits, default=None), settled_at)

    def _purchase(self, customer: UUID, row: Row, day: int, net: int) -> None:
        self.purchases[customer].append(Purchase(row["order_id"], row["placed_at"], day, net, row["effects"]))

    def _waiting(self, customer: UUID, order_id: UUID, day: int) -> None:
        self.contacts[customer].append(Contact(day, {"order_id": str(order_id)}))

    def _asked(self, row: Row) -> None:
        if row["occurred_at"] > self.as_of:
            self.waits[row["customer_id"]].append(row["occurred_at"])
            return
        evidence = {"interaction_id": str(row["interaction_id"])}
        self.contacts[row["customer_id"]].append(Contact(self._day(row["occurred_at"]), evidence))

    def _day(self, at: datetime) -> int:
        return local_day(at, self.valuer.zone)


def exclusion(row: Row) -> str | None:
    """Return why a customer belongs to no population, None if he or she does (11.3)."""
    if row["merged_into"] is not None:
        return "merged"
    marks = ("erased", "deleted", "internal", "do_not_pursue")
    return next((mark for mark in marks if row[mark]), None)
