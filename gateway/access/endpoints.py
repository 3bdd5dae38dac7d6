"""`/v1/me`."""

from typing import TYPE_CHECKING

from gateway.access.repository import read_caller
from gateway.access.schemas import CallerActor, CallerKey, CallerRead, CallerWorkspace
from services.kit.problems import NotFound
from services.kit.web import CallerDep, ReadSession, Ref, Router, operation

if TYPE_CHECKING:
    import asyncpg

router = Router(prefix="/v1/me", tags=["access"])


@router.get("", **operation(scopes=[], fill_names=True, extra={"x-any-key": True}))
async def read_me(session: ReadSession, caller: CallerDep) -> CallerRead:
    """Say who the key stands for, in which workspace, and what it may do."""
    row = await read_caller(session, caller.actor_id)
    if row is None:
        raise NotFound
    names = CallerWorkspace.model_fields.keys() - {"id"}
    return CallerRead(
        actor=CallerActor(id=caller.actor_id, kind=caller.actor_kind),
        rep=Ref(id=caller.rep_id, type="rep", display_name=None) if caller.rep_id else None,
        scopes=sorted(caller.scopes),
        visibility=caller.visibility,
        workspace=CallerWorkspace(id=row["workspace_id"], **{name: row[name] for name in names}),
        key=key_of(row) if row["key_id"] else None,
    )


def key_of(row: "asyncpg.Record") -> CallerKey:
    """Return the key that was used."""
    return CallerKey(id=row["key_id"], name=row["key_name"], hint=row["hint"], expires_at=row["expires_at"])
