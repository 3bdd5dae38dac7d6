"""Wiring of people."""

from typing import Annotated

from fastapi import Depends, Request

from services.contacts.people.repository import PeopleRepository
from services.contacts.people.service import People

ROWS = PeopleRepository()


async def people(request: Request) -> People:
    """Return the verbs on people."""
    return People(ROWS, request.app.state.contacts.identities, request.app.state.kit.clock)


PeopleDep = Annotated[People, Depends(people)]
