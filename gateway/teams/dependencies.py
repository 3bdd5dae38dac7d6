"""Wiring of the team endpoints."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.teams.service import Teams


async def teams(request: Request) -> Teams:
    """Return the verbs on teams."""
    service: Teams = request.app.state.gateway.teams
    return service


TeamsDep = Annotated[Teams, Depends(teams)]
