"""Exchange rates over HTTP."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from services.contacts.conditions import add_span
from services.contacts.exchange_rates.dependencies import ExchangeRatesDep
from services.contacts.exchange_rates.errors import OwnCurrency
from services.contacts.exchange_rates.schemas import (
    ExchangeRateCreate,
    ExchangeRatePage,
    ExchangeRateQuery,
    ExchangeRateRead,
)
from services.kit.problems import NotFound
from services.kit.web import BindingDep, ReadSession, Router, Where, WriteSession, operation, set_etag

if TYPE_CHECKING:
    import asyncpg

router = Router(prefix="/v1/exchange-rates", tags=["exchange-rates"])
RateId = Annotated[UUID, Path(description="Id of the rate.")]


def shown(row: "asyncpg.Record") -> ExchangeRateRead:
    """Return a rate as callers see it."""
    return ExchangeRateRead.model_validate({**dict(row), "rate": format(row["rate"], "f")})


@router.post(
    "",
    status_code=201,
    **operation(
        scopes=["workspace:write"],
        problems=[OwnCurrency],
        responses={200: {"model": ExchangeRateRead, "description": "Replaced, or the same already"}},
    ),
)
async def create_exchange_rate(
    body: ExchangeRateCreate, rates: ExchangeRatesDep, session: WriteSession, response: Response
) -> ExchangeRateRead:
    """Set what a currency is worth from a day on; 200 where that day's rate was replaced or is the same."""
    row, changed = await rates.set(session, body)
    response.status_code = 201 if changed and row["version"] == 1 else 200
    if not changed:
        response.headers["Kith-Unchanged"] = "true"
    response.headers["Location"] = f"/v1/exchange-rates/{row['id']}"
    set_etag(response, row["version"])
    return shown(row)


@router.get("", **operation(scopes=["workspace:read"]))
async def list_exchange_rates(
    query: Annotated[ExchangeRateQuery, Query()], rates: ExchangeRatesDep, session: ReadSession, bound: BindingDep
) -> ExchangeRatePage:
    """List exchange rates, the latest first."""
    where = Where()
    if query.currency:
        where.add("currency = any({}::text[])", query.currency)
    if query.valid_from_after:
        where.add("valid_from > {}", query.valid_from_after)
    if query.valid_from_before:
        where.add("valid_from < {}", query.valid_from_before)
    add_span(where, "updated_at", query.updated_after, query.updated_before)
    rows = await rates.rows.page(session, where, query, bound, query.sort)
    return ExchangeRatePage(items=[shown(row) for row in rows.items], next_cursor=rows.next_cursor, count=rows.count)


@router.get("/{rate_id}", **operation(scopes=["workspace:read"], problems=[NotFound]))
async def read_exchange_rate(
    rate_id: RateId, rates: ExchangeRatesDep, session: ReadSession, response: Response
) -> ExchangeRateRead:
    """Read an exchange rate."""
    row = await rates.read(session, rate_id)
    set_etag(response, row["version"])
    return shown(row)


@router.delete("/{rate_id}", status_code=204, **operation(scopes=["workspace:write"], problems=[NotFound]))
async def delete_exchange_rate(rate_id: RateId, rates: ExchangeRatesDep, session: WriteSession) -> None:
    """Delete an exchange rate; the one before it holds then."""
    await rates.delete(session, rate_id)
