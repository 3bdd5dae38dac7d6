"""`/v1/workspace`."""

from fastapi import Request, Response

from gateway.workspaces.dependencies import HearingDep, WorkspacesDep
from gateway.workspaces.schemas import WorkspaceRead, WorkspaceUpdate
from services.kit.database import Session
from services.kit.feeds.positions import POSITION_HEADER
from services.kit.web import CallerDep, IfMatch, ReadSession, Router, operation, set_etag, write_once
from services.kit.web.change import answered

router = Router(prefix="/v1/workspace", tags=["workspace"])


@router.get("", **operation(scopes=["workspace:read"]))
async def read_workspace(session: ReadSession, workspaces: WorkspacesDep, response: Response) -> WorkspaceRead:
    """Read the settings of the caller's workspace."""
    row = await workspaces.read(session)
    set_etag(response, row["version"])
    return WorkspaceRead.model_validate(dict(row))


@router.patch("", response_model=WorkspaceRead, **operation(scopes=["workspace:write"], own_transaction=True))
async def update_workspace(
    body: WorkspaceUpdate,
    workspaces: WorkspacesDep,
    hearing: HearingDep,
    caller: CallerDep,
    version: IfMatch,
    request: Request,
) -> Response:
    """Change settings; all services obey within seconds. Naming an identity provider needs the scope `admin`."""

    async def act(session: Session) -> Response:
        row = await workspaces.change(session, body, caller, version)
        return answered(WorkspaceRead.model_validate(dict(row)), row["version"])

    answer = await write_once(request, await request.body(), act)
    if position := answer.headers.get(POSITION_HEADER):
        await hearing.wait(caller, position)
    return answer
