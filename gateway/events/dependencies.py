"""Wiring of the journal's endpoint."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.events.service import Journal


async def journal(request: Request) -> Journal:
    """Return the journal."""
    found: Journal = request.app.state.gateway.journal
    return found


JournalDep = Annotated[Journal, Depends(journal)]
