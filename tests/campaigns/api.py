"""Calls to campaigns as the gateway would pass them on."""

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

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Any = None,  # noqa: ANN401 - as httpx takes them
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Call and return the answer."""
        return await self.client.request(
            method, path, json=json, params=params, headers={**self.caller.headers("campaigns"), **(headers or {})}
        )

    async def get(self, path: str, **params: Any) -> Json:  # noqa: ANN401 - as httpx takes them
        """Read something that must be there."""
        answer = await self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    async def post(self, path: str, json: object, **headers: str) -> Json:
        """Send something that must be taken."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.call("POST", path, json=json, headers=named)
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body
