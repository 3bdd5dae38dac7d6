"""`/v1/workspace`."""

from fastapi import Response

from gateway.workspaces.dependencies import WorkspacesDep
from gateway.workspaces.schemas import WorkspaceRead, WorkspaceUpdate
from services.kit.web import CallerDep, IfMatch, ReadSession, Router, WriteSession, operation, set_etag

router = Router(prefix="/v1/workspace", tags=["workspace"])


@router.get("", **operation(scopes=["workspace:read"]))
async def read_workspace(session: ReadSession, workspaces: WorkspacesDep, response: Response) -> WorkspaceRead:
    """Read the settings of the caller's workspace."""
    row = await workspaces.read(session)
    set_etag(response, row["version"])
    return WorkspaceRead.model_validate(dict(row))


@router.patch("", **operation(scopes=["workspace:write"]))
async def update_workspace(
    body: WorkspaceUpdate,
    session: WriteSession,
    workspaces: WorkspacesDep,
    caller: CallerDep,
    version: IfMatch,
    response: Response,
) -> WorkspaceRead:
    """Change settings; all services obey within seconds. Naming an identity provider needs the scope `admin`."""
    row = await workspaces.change(session, body, caller, version)
    set_etag(response, row["version"])
    return WorkspaceRead.model_validate(dict(row))
