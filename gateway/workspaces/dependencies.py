"""Wiring of the workspace endpoints."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.workspaces.service import WorkspaceService


async def workspace_service(request: Request) -> WorkspaceService:
    """Return the verbs of workspaces."""
    service: WorkspaceService = request.app.state.gateway.workspaces
    return service


WorkspacesDep = Annotated[WorkspaceService, Depends(workspace_service)]
