"""A front end's view of Kith: the public API with one key, and patience."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self
from uuid import uuid4

import httpx

Json = dict[str, Any]

ANSWER_SECONDS = 60.0
"""Longer than the gateway waits for a service: what it says then is told, on a machine of any speed."""
POLL_SECONDS = 0.02
WRITES = ("POST", "PUT", "PATCH", "DELETE")
NOT_FOUND = 404
ONE_OF_EACH = ("/v1/reps", "/v1/scores?kind=value_tier", "/v1/reminders")
"""A list of each service that follows the workspace's settings."""
FINISHED = ("succeeded", "failed", "cancelled")


class Client:
    """Requests of one key; every answer that is not expected fails the test with what was said."""

    def __init__(self, url: str, key: str | None) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._position: str | None = None
        self.http = httpx.AsyncClient(base_url=url, headers=headers, timeout=ANSWER_SECONDS, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def send(self, method: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Send a request and return whatever is answered."""
        headers = dict(request.pop("headers", {}))
        if method in WRITES:
            headers.setdefault("Idempotency-Key", str(uuid4()))
        answer = await self.http.request(method, path, headers=headers, **request)
        self._position = answer.headers.get("Kith-Position", self._position)
        return answer

    async def get(self, path: str, expected: int = 200, **query: Any) -> Json:  # noqa: ANN401 - any value
        """Read something."""
        return self._expect(await self.send("GET", path, params=query), expected)

    async def find(self, path: str) -> Json | None:
        """Read something that may not be there yet."""
        answer = await self.send("GET", path)
        return None if answer.status_code == NOT_FOUND else self._expect(answer, None)

    async def post(self, path: str, body: object = None, expected: int | None = None, **query: Any) -> Json:  # noqa: ANN401 - any value
        """Create or command something."""
        return self._expect(await self.send("POST", path, json=body, params=query), expected)

    async def put(self, path: str, body: object, expected: int | None = None) -> Json:
        """Upsert something."""
        return self._expect(await self.send("PUT", path, json=body), expected)

    async def patch(self, path: str, body: object, expected: int = 200) -> Json:
        """Change something."""
        return self._expect(await self.send("PATCH", path, json=body), expected)

    async def configure(self, **settings: str) -> None:
        """Change settings of the workspace and wait until every service has heard of it."""
        await self.patch("/v1/workspace", settings)
        if self._position is None:
            return
        headers = {"Kith-After": self._position}
        for path in ONE_OF_EACH:

            async def is_fresh(path: str = path) -> bool:
                answer = await self.send("GET", path, headers=headers)
                self._expect(answer, 200)
                return "Kith-Stale" not in answer.headers

            await eventually(is_fresh, f"{path} knows the settings")

    async def items(self, path: str, **query: Any) -> list[Json]:  # noqa: ANN401 - any value
        """Read a list to its end."""
        page = await self.get(path, limit=200, **query)
        found = list(page["items"])
        while page["next_cursor"]:
            page = await self.get(path, limit=200, cursor=page["next_cursor"], **query)
            found += page["items"]
        return found

    async def job(self, started: Json, seconds: float = 120.0) -> Json:
        """Wait until a job has ended well."""

        async def ended() -> Json | None:
            job = await self.get(f"/v1/jobs/{started['id']}")
            return job if job["status"] in FINISHED else None

        job: Json = await eventually(ended, f"job {started['kind']} ends", seconds)
        assert job["status"] == "succeeded", job
        return job

    def _expect(self, answer: httpx.Response, expected: int | None) -> Json:
        fits = answer.is_success if expected is None else answer.status_code == expected
        request = f"{answer.request.method} {answer.request.url.path}"
        assert fits, f"{request} answered {answer.status_code}, expected {expected or '2xx'}: {answer.text}"
        found: Json = answer.json() if answer.content else {}
        return found


async def eventually(check: Callable[[], Awaitable[Any]], what: str, seconds: float = 60.0) -> Any:  # noqa: ANN401 - what the check finds
    """Ask again and again until the check finds something; return it."""
    deadline = time.monotonic() + seconds
    while True:
        found = await check()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain until {what}"
        await asyncio.sleep(POLL_SECONDS)
