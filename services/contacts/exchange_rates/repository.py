"""Every query on exchange rates."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.database import Session
from services.kit.web.lists import Binding, Listing, ListQuery, Rows, Sort, Where

if TYPE_CHECKING:
    import asyncpg

COLUMNS = "id, version, created_at, updated_at, currency, valid_from, rate"
RATES = Listing(
    columns=COLUMNS,
    source="exchange_rates",
    sorts={"valid_from": Sort("valid_from", "date")},
    id_column="id",
)


class ExchangeRatesRepository:
    """The table `exchange_rates`."""

    async def upsert(
        self, session: Session, rate_id: UUID, currency: str, valid_from: date, rate: Decimal, now: datetime
    ) -> "asyncpg.Record | None":
        """Insert a rate or replace the one of that day; None where it is the same already."""
        return await session.fetchrow(
            "INSERT INTO exchange_rates AS x (workspace_id, id, created_at, updated_at, currency, valid_from, rate)"
            " VALUES ($1, $2, $6, $6, $3, $4, $5)"
            " ON CONFLICT (workspace_id, currency, valid_from) DO UPDATE"
            " SET rate = excluded.rate, version = x.version + 1, updated_at = excluded.updated_at"
            f" WHERE x.rate <> excluded.rate RETURNING {COLUMNS}",
            session.tenant,
            rate_id,
            currency,
            valid_from,
            rate,
            now,
        )

    async def of_day(self, session: Session, currency: str, valid_from: date) -> "asyncpg.Record | None":
        """Return the rate that begins on a day."""
        return await session.fetchrow(
            f"SELECT {COLUMNS} FROM exchange_rates WHERE workspace_id = $1 AND currency = $2 AND valid_from = $3",
            session.tenant,
            currency,
            valid_from,
        )

    async def read(self, session: Session, rate_id: UUID) -> "asyncpg.Record | None":
        """Return a rate."""
        return await session.fetchrow(
            f"SELECT {COLUMNS} FROM exchange_rates WHERE workspace_id = $1 AND id = $2", session.tenant, rate_id
        )

    async def delete(self, session: Session, rate_id: UUID) -> "asyncpg.Record | None":
        """Delete a rate and return it as it was."""
        return await session.fetchrow(
            f"DELETE FROM exchange_rates WHERE workspace_id = $1 AND id = $2 RETURNING {COLUMNS}",
            session.tenant,
            rate_id,
        )

    async def reporting_currency(self, session: Session) -> str | None:
        """Return the currency that rates lead into; None before the workspace is known here."""
        found: str | None = await session.fetchval(
            "SELECT reporting_currency FROM workspaces WHERE workspace_id = $1", session.tenant
        )
        return found

    async def page(self, session: Session, where: Where, query: ListQuery, bound: Binding, sort: str) -> Rows:
        """Return a page of rates."""
        return await RATES.fetch(session, where, query, bound, sort=sort)
