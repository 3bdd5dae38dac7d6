"""Composing the view of one customer: all services at once, each within its time, none needed but for existence."""

import asyncio
from typing import Any

from gateway.customers.parts import CONTACT, PARTS, UNBUILT, Part
from gateway.door.calls import Calls, Params, Reply
from gateway.door.headers import Header
from services.kit.identity import Identity
from services.kit.problems import Forbidden, NotFound, Problem

OWNER = "contacts"
KIND_SCOPE = {"person": "people:read", "account": "accounts:read"}


class View:
    """One customer as one caller sees him."""

    def __init__(self, calls: Calls, caller: Identity, headers: list[Header]) -> None:
        """Take the caller, and those of his headers that the services shall see (language, Kith-After)."""
        self._calls = calls
        self._caller = caller
        self._headers = headers
        self.is_stale = False
        self._unavailable: list[dict[str, str]] = []

    async def read(self, customer_id: str) -> dict[str, Any]:
        """Return the view; NotFound where there is no such customer."""
        asked: list[Any] = [self._customer(customer_id), *(self._part(part, customer_id) for part in PARTS)]
        found, *parts = await asyncio.gather(*asked)
        present = found["id"] if found else customer_id
        if present != customer_id:  # joined into another: what belongs to him lies there
            self._unavailable.clear()
            parts = await asyncio.gather(*(self._part(part, present) for part in PARTS))
        return {
            "id": present,
            "customer": found and found["customer"],
            **{part.name: value for part, value in zip(PARTS, parts, strict=True)},
            **UNBUILT,
            "unavailable": self._unavailable,
        }

    async def _customer(self, customer_id: str) -> dict[str, Any] | None:
        scopes = {"internal"} | {scope for scope in (CONTACT,) if self._caller.may(scope)}
        try:
            found = await self._ask(OWNER, f"/internal/customers/{customer_id}", scopes, [])
        except NotFound:
            raise
        except Problem as problem:
            self._note("customer", OWNER, problem)
            return None
        if not self._caller.may(KIND_SCOPE[found.document["type"]]):
            raise NotFound
        self.is_stale |= found.is_stale
        return found.document

    async def _part(self, part: Part, customer_id: str) -> Any:  # noqa: ANN401 - each part has its own shape
        if not self._caller.may(part.scope):
            self._note(part.name, part.service, Forbidden(part.scope))
            return None

        async def ask(path: str, scopes: set[str], params: Params) -> Reply:
            return await self._ask(part.service, path, scopes, params)

        try:
            value, stale = await part.read(ask, customer_id)
        except NotFound as problem:
            if part.without is None:
                self._note(part.name, part.service, problem)
            return part.without
        except Problem as problem:
            self._note(part.name, part.service, problem)
            return None
        self.is_stale |= stale
        return value

    async def _ask(self, service: str, path: str, scopes: set[str], params: Params) -> Reply:
        return await self._calls.fetch(service, path, self._caller, scopes, params, self._headers)

    def _note(self, part: str, service: str, problem: Problem) -> None:
        self._unavailable.append({"part": part, "service": service, "problem": problem.slug()})
