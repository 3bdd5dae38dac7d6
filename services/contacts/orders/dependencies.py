"""Wiring of orders."""

from typing import Annotated

from fastapi import Depends, Request

from services.contacts.customers.repository import CustomersRepository
from services.contacts.customers.service import Customers
from services.contacts.orders.references import References
from services.contacts.orders.repository import OrdersRepository
from services.contacts.orders.service import Orders

ROWS = OrdersRepository()


async def orders(request: Request) -> Orders:
    """Return the verbs on orders."""
    shared = request.app.state.contacts
    references = References(ROWS, Customers(CustomersRepository()))
    return Orders(ROWS, references, shared.intake, shared.identities, request.app.state.kit.clock)


OrdersDep = Annotated[Orders, Depends(orders)]
