"""Which list a cursor belongs to: read from the request, so that `lists` itself knows no web framework."""

from typing import Annotated

import orjson
from fastapi import Depends, Request

from services.kit.web.lists import Binding

UNBOUND = frozenset({"cursor", "limit", "count", "include"})
"""Parameters that may change from page to page."""


async def binding(request: Request) -> Binding:
    """Return the binding of the list at hand."""
    kit = request.app.state.kit
    query = sorted((name, value) for name, value in request.query_params.multi_items() if name not in UNBOUND)
    scope = orjson.dumps([str(request.state.identity.workspace_id), request.url.path, query])
    return Binding(key=kit.vault.keyed_hash("cursor", ""), scope=scope)


BindingDep = Annotated[Binding, Depends(binding)]
