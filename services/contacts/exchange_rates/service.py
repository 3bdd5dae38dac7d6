"""What can be done with exchange rates: set, read, delete, convert with."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.contacts.exchange_rates.errors import OwnCurrency
from services.contacts.exchange_rates.repository import ExchangeRatesRepository
from services.contacts.exchange_rates.schemas import ExchangeRateCreate
from services.contracts.contacts import ExchangeRateChanged
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.feeds.outbox import publish
from services.kit.ids import new_id
from services.kit.money import decimal_of
from services.kit.problems import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg


class ExchangeRates:
    """The verbs on exchange rates."""

    def __init__(self, rows: ExchangeRatesRepository, clock: Clock) -> None:
        self.rows = rows
        self._clock = clock

    async def set(self, session: Session, body: ExchangeRateCreate) -> "tuple[asyncpg.Record, bool]":
        """Set the rate of a day; returns it and whether anything changed."""
        if body.currency == await self.rows.reporting_currency(session):
            raise OwnCurrency
        now = self._clock.now()
        row = await self.rows.upsert(session, new_id(), body.currency, body.valid_from, decimal_of(body.rate), now)
        if row is not None:
            await publish(session, [event_of(row)])
            return row, True
        same = await self.rows.of_day(session, body.currency, body.valid_from)
        if same is None:
            raise NotFound
        return same, False

    async def read(self, session: Session, rate_id: UUID) -> "asyncpg.Record":
        """Return a rate."""
        row = await self.rows.read(session, rate_id)
        if row is None:
            raise NotFound
        return row

    async def delete(self, session: Session, rate_id: UUID) -> None:
        """Delete a rate; amounts of its days are converted with the one before, if there is one."""
        row = await self.rows.delete(session, rate_id)
        if row is None:
            raise NotFound
        await publish(session, [event_of(row, deleted=True)])


def event_of(row: "Mapping[str, Any] | asyncpg.Record", *, deleted: bool = False) -> ExchangeRateChanged:
    """Return what the other services are told about a rate."""
    return ExchangeRateChanged(
        rate_id=row["id"],
        version=row["version"] + deleted,
        currency=row["currency"],
        valid_from=row["valid_from"],
        rate=format(row["rate"], "f"),
        deleted=deleted,
    )
