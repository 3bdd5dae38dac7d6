"""Wiring of accounts."""

from typing import Annotated

from fastapi import Depends, Request

from services.contacts.accounts.repository import AccountsRepository
from services.contacts.accounts.service import Accounts

ROWS = AccountsRepository()


async def accounts(request: Request) -> Accounts:
    """Return the verbs on accounts."""
    return Accounts(ROWS, request.app.state.kit.clock)


AccountsDep = Annotated[Accounts, Depends(accounts)]
