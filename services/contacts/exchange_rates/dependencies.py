"""Wiring of exchange rates."""

from typing import Annotated

from fastapi import Depends, Request

from services.contacts.exchange_rates.repository import ExchangeRatesRepository
from services.contacts.exchange_rates.service import ExchangeRates


async def exchange_rates(request: Request) -> ExchangeRates:
    """Return the verbs on exchange rates."""
    return ExchangeRates(ExchangeRatesRepository(), request.app.state.kit.clock)


ExchangeRatesDep = Annotated[ExchangeRates, Depends(exchange_rates)]
