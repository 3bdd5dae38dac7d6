"""Wiring of imports."""

from typing import Annotated

from fastapi import Depends, Request

from services.contacts.imports.repository import ImportsRepository
from services.contacts.imports.service import Imports

ROWS = ImportsRepository()


async def imports(request: Request) -> Imports:
    """Return the verbs on imports."""
    kit = request.app.state.kit
    return Imports(ROWS, kit.clock, kit.settings.import_max_bytes)


ImportsDep = Annotated[Imports, Depends(imports)]
