"""The audit of one service over HTTP; the gateway merges those of all."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Query

from services.kit.audit import repository
from services.kit.audit.declared import Audited
from services.kit.audit.schemas import AuditEntryPage, AuditQuery
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.web.binding import BindingDep
from services.kit.web.dependencies import CallerDep, ReadSession
from services.kit.web.lists import Binding
from services.kit.web.operation import operation
from services.kit.web.route import Router

if TYPE_CHECKING:
    import asyncpg

PATH = "/v1/audit"


def audit_router(audited: Sequence[Audited]) -> Router:
    """Return the routes of a service whose changes of these kinds are written down."""
    router = Router(prefix=PATH, tags=["audit"])

    @router.get("", **operation(scopes=["audit:read"]))
    async def list_audit_entries(
        query: Annotated[AuditQuery, Query()], session: ReadSession, caller: CallerDep, bound: BindingDep
    ) -> AuditEntryPage:
        """List who changed what, the latest first."""
        return AuditEntryPage.model_validate(await read_page(audited, session, caller, query, bound))

    return router


async def read_page(
    audited: Sequence[Audited], session: Session, caller: Identity, query: AuditQuery, bound: Binding
) -> dict[str, Any]:
    """Return a page of entries as their reader may see them."""
    kinds = {kind.object_type: kind for kind in audited if caller.may(kind.scope)}
    where = repository.filtered(query, session, caller, list(kinds))
    rows = await repository.LISTING.fetch(session, where, query, bound, sort=query.sort)
    items = [shown(row, kinds[row["object_type"]], caller) for row in rows.items]
    return {"items": items, "next_cursor": rows.next_cursor, "count": rows.count and rows.count.model_dump()}


def shown(row: "asyncpg.Record", kind: Audited, caller: Identity) -> dict[str, Any]:
    """Return an entry as its reader may see it; names are filled on the way out."""
    values = dict(row)
    key_id = values["actor_id"] if values["actor_kind"] == "key" else None
    return values | {
        "actor": {"id": values["actor_id"], "kind": values["actor_kind"]},
        "rep": nameless("rep", values["rep_id"]),
        "key_id": key_id,
        "key": nameless("api_key", key_id),
        "object": nameless(values["object_type"], values["object_id"]),
        "before": kind.shown(values["before"], caller),
        "after": kind.shown(values["after"], caller),
    }


def nameless(kind: str, object_id: object) -> dict[str, Any] | None:
    """Return a reference without its name."""
    return {"id": object_id, "type": kind, "display_name": None} if object_id else None
