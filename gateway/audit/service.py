"""Asking all services who changed what, and looking into the gateway's own changes of keys and settings."""

from functools import partial
from typing import Any

from gateway.access.rules import SCOPES
from gateway.audit.repository import key_names
from gateway.audited import AUDITED
from gateway.door.calls import Calls
from gateway.merging.service import MergedList, Params
from services.kit.audit.endpoints import PATH, read_page
from services.kit.audit.schemas import AuditEntryPage, AuditQuery
from services.kit.database import Database
from services.kit.identity import Identity
from services.kit.web.lists import Binding

OWN = "gateway"
# What somebody may not read he learns nothing of, here either: the services ask for each kind's own scope.
READING = frozenset(scope for scope in SCOPES if scope.partition(":")[2].startswith("read"))


class AuditBook:
    """The audit of all services."""

    def __init__(self, database: Database, calls: Calls, services: tuple[str, ...]) -> None:
        """Take the other services that keep an audit."""
        self._database = database
        self._calls = calls
        self._services = services

    async def page(self, caller: Identity, query: AuditQuery, bound: Binding) -> dict[str, Any]:
        """Return a page of the merged list."""
        scopes = {scope for scope in READING if caller.may(scope)}

        async def ask(service: str, params: Params) -> dict[str, Any]:
            return await self._calls.get(service, PATH, caller, scopes, params)

        async def look(params: Params) -> dict[str, Any]:
            cursor = dict(params).get("cursor")
            async with self._database.read(caller.workspace_id) as session:
                found = await read_page(AUDITED, session, caller, query.model_copy(update={"cursor": cursor}), bound)
            return AuditEntryPage.model_validate(found).model_dump(mode="json")

        sources = {OWN: look} | {service: partial(ask, service) for service in self._services}
        merged = MergedList(sources, filters(query), limit=query.limit, sort=query.sort)
        page = await merged.page(bound, query.cursor)
        await self._name_keys(caller, page["items"])
        return page

    async def _name_keys(self, caller: Identity, items: list[dict[str, Any]]) -> None:
        """Give references to keys their names; those of the services' objects are filled on the way out."""
        refs = [item[field] for item in items for field in ("key", "object")]
        of_keys = [ref for ref in refs if ref and ref["type"] == "api_key"]
        if not of_keys:
            return
        async with self._database.read(caller.workspace_id) as session:
            names = await key_names(session, {ref["id"] for ref in of_keys})
        for ref in of_keys:
            ref["display_name"] = names.get(ref["id"])


def filters(query: AuditQuery) -> Params:
    """Return the filters as the services are asked with them."""
    named = query.model_dump(mode="json", exclude={"limit", "cursor", "sort"}, exclude_none=True)
    params: Params = []
    for name, value in named.items():
        params += [(name, str(one)) for one in (value if isinstance(value, list) else [value])]
    return params
