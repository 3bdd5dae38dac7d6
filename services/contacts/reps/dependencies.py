"""Wiring of reps."""

from typing import Annotated

from fastapi import Depends, Request

from services.contacts.reps.repository import RepsRepository
from services.contacts.reps.service import Reps


async def reps(request: Request) -> Reps:
    """Return the verbs on reps."""
    return Reps(RepsRepository(), request.app.state.kit.clock)


RepsDep = Annotated[Reps, Depends(reps)]
