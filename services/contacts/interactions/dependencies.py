"""Wiring of interactions."""

from typing import Annotated

from fastapi import Depends, Request

from services.contacts.customers.repository import CustomersRepository
from services.contacts.customers.service import Customers
from services.contacts.interactions.repository import InteractionsRepository
from services.contacts.interactions.service import Interactions


async def interactions(request: Request) -> Interactions:
    """Return the verbs on interactions."""
    customers = Customers(CustomersRepository())
    return Interactions(InteractionsRepository(), customers, request.app.state.kit.clock)


InteractionsDep = Annotated[Interactions, Depends(interactions)]
