"""Wiring of the customer endpoints."""

from typing import Annotated

from fastapi import Depends, Request

from services.campaigns.customers.service import Customers


async def customers(request: Request) -> Customers:
    """Return the verbs on customers."""
    service: Customers = request.app.state.campaigns.customers
    return service


CustomersDep = Annotated[Customers, Depends(customers)]
