"""`/v1/teams`."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request, Response

from gateway.keys.errors import ScopeNotHeld
from gateway.teams import repository
from gateway.teams.dependencies import TeamsDep
from gateway.teams.schemas import TeamCreate, TeamPage, TeamQuery, TeamRead, TeamRepsCommand, TeamUpdate
from services.kit.database import Session
from services.kit.problems import NotFound, PreconditionFailed, bad_parameter
from services.kit.web import (
    BindingDep,
    CallerDep,
    IfMatch,
    ReadSession,
    Ref,
    Router,
    Where,
    operation,
    set_etag,
    write_once,
)
from services.kit.web.change import ChangeDep, answered

if TYPE_CHECKING:
    import asyncpg

router = Router(prefix="/v1/teams", tags=["access"])
TeamId = Annotated[UUID, Path(alias="id", description="Id of the team.")]
# Who is a rep is asked of contacts before the transaction begins.
CREATE = operation(scopes=["workspace:write"], problems=[ScopeNotHeld], fill_names=True, own_transaction=True)
CHANGE = operation(
    scopes=["workspace:write"],
    problems=[NotFound, PreconditionFailed, ScopeNotHeld],
    fill_names=True,
    own_transaction=True,
)
DELETE = operation(scopes=["workspace:write"], problems=[NotFound, PreconditionFailed, ScopeNotHeld])


@router.post("", status_code=201, response_model=TeamRead, **CREATE)
async def create_team(body: TeamCreate, teams: TeamsDep, caller: CallerDep, request: Request) -> Response:
    """Make a team: its reps see one another's customers with keys of the visibility `team`."""
    known = await teams.known(caller, body.rep_ids)

    async def act(session: Session) -> Response:
        row = await teams.create(session, caller, body, known)
        return told(row, created_at=f"/v1/teams/{row['id']}")

    return await write_once(request, await request.body(), act)


@router.get("", **operation(scopes=["workspace:read"], fill_names=True))
async def list_teams(
    query: Annotated[TeamQuery, Query()], session: ReadSession, caller: CallerDep, bound: BindingDep
) -> TeamPage:
    """List teams by name."""
    where = Where()
    if "me" in query.rep_id and caller.rep_id is None:
        raise bad_parameter("rep_id", "Your key stands for no rep.")
    if query.rep_id:
        wanted = [caller.rep_id if rep == "me" else rep for rep in query.rep_id]
        where.add("t.rep_ids && {}::uuid[]", wanted)
    rows = await repository.LISTING.fetch(session, where, query, bound, sort=query.sort)
    items = [TeamRead.model_validate(shown(row)) for row in rows.items]
    return TeamPage(items=items, next_cursor=rows.next_cursor, count=rows.count)


@router.get("/{id}", **operation(scopes=["workspace:read"], problems=[NotFound], fill_names=True))
async def read_team(team_id: TeamId, teams: TeamsDep, session: ReadSession, response: Response) -> TeamRead:
    """Read a team."""
    row = await teams.read(session, team_id)
    set_etag(response, row["version"])
    return TeamRead.model_validate(shown(row))


@router.patch("/{id}", response_model=TeamRead, **CHANGE)
async def update_team(
    team_id: TeamId, body: TeamUpdate, teams: TeamsDep, caller: CallerDep, wanted: IfMatch, request: Request
) -> Response:
    """Change a team by merge patch; keys of its reps see accordingly at once."""
    known = await teams.known(caller, body.rep_ids or [])

    async def act(session: Session) -> Response:
        row, changed = await teams.change(session, caller, team_id, body, known, wanted)
        return told(row, unchanged=not changed)

    return await write_once(request, await request.body(), act)


@router.post("/{id}/reps", response_model=TeamRead, **CHANGE)
async def change_team_reps(
    team_id: TeamId, body: TeamRepsCommand, teams: TeamsDep, caller: CallerDep, wanted: IfMatch, request: Request
) -> Response:
    """Add and remove reps of a team, without a race against other changes."""
    known = await teams.known(caller, body.add)

    async def act(session: Session) -> Response:
        row, changed = await teams.change_reps(session, caller, team_id, body, known, wanted)
        return told(row, unchanged=not changed)

    return await write_once(request, await request.body(), act)


@router.delete("/{id}", status_code=204, **DELETE)
async def delete_team(team_id: TeamId, teams: TeamsDep, change: ChangeDep) -> None:
    """Delete a team; its reps see their own customers, and those of their other teams."""
    await teams.delete(change.session, change.caller, team_id, change.wanted)


def told(row: "asyncpg.Record", *, created_at: str | None = None, unchanged: bool = False) -> Response:
    """Answer a change with the team as it is now."""
    team = TeamRead.model_validate(shown(row))
    return answered(team, row["version"], created_at=created_at, unchanged=unchanged)


def shown(row: "asyncpg.Record") -> dict[str, Any]:
    """Return a team as it is shown; the names of its reps are filled on the way out."""
    reps = [Ref(id=rep_id, type="rep", display_name=None) for rep_id in row["rep_ids"]]
    return {**dict(row), "type": "team", "display_name": row["name"], "reps": reps}
