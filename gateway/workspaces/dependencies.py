"""Wiring of the workspace endpoints."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.workspaces.hearing import Hearing
from gateway.workspaces.service import WorkspaceService


async def workspace_service(request: Request) -> WorkspaceService:
    """Return the verbs of workspaces."""
    service: WorkspaceService = request.app.state.gateway.workspaces
    return service


WorkspacesDep = Annotated[WorkspaceService, Depends(workspace_service)]


async def hearing(request: Request) -> Hearing:
    """Return what waits for the services."""
    found: Hearing = request.app.state.gateway.hearing
    return found


HearingDep = Annotated[Hearing, Depends(hearing)]
