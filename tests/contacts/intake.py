"""The intake wired for tests, and what it leaves in the tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.contacts.container import build_identities
from services.contacts.identities.facts import AccountFact, ExternalId, PersonFact
from services.contacts.identities.service import Identities
from services.contacts.orders.facts import OrderCore, OrderFact
from services.contacts.orders.intake import AppliedOrder, OrderIntake
from services.contacts.orders.intake_rows import IntakeRows
from services.kit.clock import Clock
from services.kit.database import Database

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def intake_of(clock: Clock) -> OrderIntake:
    """Return the intake of orders as the service wires it."""
    return OrderIntake(IntakeRows(), build_identities(clock), clock)


def buyer(*ids: str, minutes: int = 0, source: str = "shop", **more: object) -> PersonFact:
    """Return a buyer with external ids of the source."""
    external = tuple(ExternalId(source, one) for one in ids)
    fact = PersonFact(NOON + timedelta(minutes=minutes), source, external_ids=external)
    return replace(fact, **more)  # type: ignore[arg-type]  # whatever fields the test names


def company(external_id: str, name: str | None = None, minutes: int = 0) -> AccountFact:
    """Return an account."""
    return AccountFact(NOON + timedelta(minutes=minutes), "shop", ExternalId("shop", external_id), name)


def order(
    external_id: str = "1001",
    *,
    minutes: int = 0,
    total: int = 10_000,
    status: str = "paid",
    who: PersonFact | None = None,
    **more: object,
) -> OrderFact:
    """Return a whole order, placed at noon and told some minutes later."""
    core = OrderCore(
        updated_at=NOON + timedelta(minutes=minutes),
        body_hash=f"{minutes}/{status}/{total}",
        placed_at=NOON,
        currency="TWD",
        total_minor=total,
        status=status,  # type: ignore[arg-type]  # any status of the tests
    )
    fact = OrderFact("shop", external_id, core=core, buyer=who)
    return replace(fact, **more)  # type: ignore[arg-type]  # as above


@dataclass
class Shop:
    """A workspace whose facts are applied as the worker role does."""

    database: Database
    workspace_id: UUID
    intake: OrderIntake
    identities: Identities
    people: list[UUID | None] = field(default_factory=list)

    async def apply(self, *facts: OrderFact) -> list[AppliedOrder]:
        """Apply facts in one transaction."""
        async with self.database.worker() as session:
            return await self.intake.apply(session, self.workspace_id, facts)

    async def tell(self, *facts: PersonFact) -> list[UUID | None]:
        """Resolve people in one transaction."""
        async with self.database.worker() as session:
            return await self.identities.resolve_people(session, self.workspace_id, facts)

    async def rows(self, table: str, order_by: str = "id") -> list[dict[str, Any]]:
        """Return the workspace's rows of a table."""
        async with self.database.worker() as session:
            sql = f"SELECT * FROM {table} WHERE workspace_id = $1 ORDER BY {order_by}"
            return [dict(row) for row in await session.fetch(sql, self.workspace_id)]

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """Return what other services were told, in order."""
        return [dict(row["data"]) for row in await self.rows("outbox", "seq") if row["type"] == kind]


def described(rows: Sequence[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Return some columns of rows."""
    return [tuple(row[name] for name in names) for row in rows]
