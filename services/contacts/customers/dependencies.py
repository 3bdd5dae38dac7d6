"""Wiring of customers."""

from typing import Annotated

from fastapi import Depends

from services.contacts.customers.repository import CustomersRepository
from services.contacts.customers.service import Customers


async def customers() -> Customers:
    """Return the questions about customers."""
    return Customers(CustomersRepository())


CustomersDep = Annotated[Customers, Depends(customers)]
