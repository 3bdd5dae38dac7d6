"""Calls to scoring as the gateway would pass them on."""

from typing import Any

import httpx

from tests.callers import Caller

Json = dict[str, Any]


class Api:
    """A client on the application, with a caller."""

    def __init__(self, client: httpx.AsyncClient, caller: Caller) -> None:
        self.client = client
        self.caller = caller

    def by(self, caller: Caller) -> "Api":
        """Return the same client with another caller."""
        return Api(self.client, caller)

    def with_scopes(self, *scopes: str) -> "Api":
        """Return the same client with a caller of the same workspace and other scopes."""
        return self.by(self.caller.with_scopes(*scopes))

    def elsewhere(self) -> "Api":
        """Return the same client with a caller of another workspace."""
        return self.by(Caller())

    async def anonymous(self, method: str, path: str) -> httpx.Response:
        """Call without an identity."""
        return await self.client.request(method, path)

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes them
        """Call and return the answer."""
        headers = {**self.caller.headers("scoring"), **options.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> Json:  # noqa: ANN401 - as httpx takes them
        """Read something that must be there."""
        answer = await self.call("GET", path, **options)
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body
