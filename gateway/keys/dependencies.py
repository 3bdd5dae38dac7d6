"""Wiring of the key endpoints."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.keys.service import KeyService


async def key_service(request: Request) -> KeyService:
    """Return the verbs of API keys."""
    service: KeyService = request.app.state.gateway.keys
    return service


KeysDep = Annotated[KeyService, Depends(key_service)]
