"""Kith's public API as the demo needs it: JSON, pages, jobs, and errors that say what to do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Self
from uuid import NAMESPACE_URL, uuid5

import httpx

from deploy.local.errors import LocalRunError

Json = dict[str, Any]

AT_ONCE = 8
PAGE = 200
BATCH = 500
ANSWER_SECONDS = 30.0
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.2
ATTEMPTS = 10
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY, UNAVAILABLE, FIRST_ERROR = 401, 403, 404, 429, 503, 400
FIRST_FAILURE = 500
FINISHED = frozenset({"succeeded", "failed", "cancelled"})


class Api:
    """A client of one workspace; never more than a few requests at once."""

    def __init__(self, url: str, key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        self.key = key
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._position: str | None = None
        self._client = httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=ANSWER_SECONDS,
            transport=transport,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def get(self, path: str, **query: object) -> Json:
        """Read one resource."""
        return self._json(await self._send("GET", path, params=_named(query)))

    async def find(self, path: str) -> Json | None:
        """Read a resource that may not be there yet."""
        answer = await self._send("GET", path)
        return None if answer.status_code == NOT_FOUND else self._json(answer)

    async def post(self, path: str, body: object, **query: object) -> Json:
        """Create or command something; the key in the header makes a repetition harmless."""
        headers = {"Idempotency-Key": _key(self.url, path, body, query)}
        return self._json(await self._send("POST", path, json=body, params=_named(query), headers=headers))

    async def patch(self, path: str, body: Json) -> Json:
        """Change the given fields."""
        return self._json(await self._send("PATCH", path, json=body))

    async def upload(self, path: str, name: str, content: bytes, **fields: str) -> Json:
        """Send a file as a form."""
        return self._json(await self._send("POST", path, data=fields, files={"file": (name, content, "text/csv")}))

    async def deliver(self, path: str, body: bytes, headers: dict[str, str]) -> Json:
        """Send a webhook, as a shop does: no key of ours, only its signature."""
        shop = {"Authorization": "", "Content-Type": "application/json", **headers}
        return self._json(await self._send("POST", path, content=body, headers=shop))

    async def items(self, path: str, **query: object) -> AsyncIterator[Json]:
        """Read a list to its end."""
        page: Json = {"next_cursor": None}
        while True:
            more = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
            page = await self.get(path, limit=PAGE, **query, **more)
            for item in page["items"]:
                yield item
            if not page["next_cursor"]:
                return

    async def batch(self, path: str, bodies: Iterable[Json], **query: object) -> list[Json]:
        """Create many things; returns the answer about each, in their order."""
        wanted, answers = list(bodies), []
        for start in range(0, len(wanted), BATCH):
            answer = await self.post(path, {"items": wanted[start : start + BATCH]}, **query)
            answers += answer["items"]
        return answers

    async def finished(self, job: Json) -> Json:
        """Wait for a job; returns it as it ended."""
        latest = job

        async def has_ended() -> bool:
            nonlocal latest
            latest = await self.get(f"/v1/jobs/{job['id']}")
            return latest["status"] in FINISHED

        await self.until(has_ended, f"job {job['id']} ({job['kind']}) has ended")
        if latest["status"] != "succeeded":
            message = f"Job {job['id']} ({job['kind']}) {latest['status']}: {latest['problem']}"
            raise LocalRunError(message)
        return latest

    async def until(self, check: Callable[[], Awaitable[bool]], what: str) -> None:
        """Ask again and again until something is so, for a bounded time."""
        for _ in range(int(PATIENCE_SECONDS / POLL_SECONDS)):
            if await check():
                return
            await asyncio.sleep(POLL_SECONDS)
        message = f"Waited {PATIENCE_SECONDS:.0f} s in vain until {what}; the log of `make run` may say why."
        raise LocalRunError(message)

    async def arrived(self, path: str, **query: str) -> None:
        """Wait until the service that answers this path has heard of our last write."""
        if self._position is None:
            return
        headers = {"Kith-After": self._position}

        async def is_fresh() -> bool:
            answer = await self._send("GET", path, params=_named(query), headers=headers)
            self._json(answer)
            return "Kith-Stale" not in answer.headers

        await self.until(is_fresh, f"{path} knows what was written")

    async def _send(self, method: str, path: str, **request: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        async with self._gate:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    answer = await self._client.request(method, path, **request)
                except httpx.TransportError as error:
                    raise LocalRunError(_not_there(self.url, error)) from error
                if answer.status_code not in {TOO_MANY, UNAVAILABLE} or attempt == ATTEMPTS:
                    break
                await asyncio.sleep(_pause(answer))
            self._position = answer.headers.get("Kith-Position", self._position)
            return answer

    def _json(self, answer: httpx.Response) -> Json:
        if answer.status_code >= FIRST_ERROR:
            raise LocalRunError(_refused(answer))
        found: Json = answer.json()
        return found


def _named(query: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in query.items()}


def _key(url: str, path: str, body: object, query: dict[str, object]) -> str:
    return str(uuid5(NAMESPACE_URL, f"{url}{path}?{query}#{body}"))


def _pause(answer: httpx.Response) -> float:
    after = answer.headers.get("Retry-After", "1")
    return min(float(after), 10.0) if after.isdigit() else 1.0


def _not_there(url: str, error: Exception) -> str:
    return (
        f"Nobody answers at {url} ({error}). Start Kith with `make run` in another terminal and wait until it says"
        " that it is ready, or name another address with --url."
    )


def _refused(answer: httpx.Response) -> str:
    request = answer.request
    try:
        problem: Json = answer.json()
    except ValueError:
        problem = {"title": answer.reason_phrase}
    if answer.status_code == UNAUTHORIZED and request.headers.get("Authorization"):
        return (
            "The key was refused. `make run` writes the right one to $KITH_HOME/admin.key (by default .kith/admin.key);"
            " give another with --key."
        )
    if answer.status_code == FORBIDDEN:
        return f"The key may not do this ({problem.get('detail')}); the demo needs a key with the scope admin."
    details = "; ".join(f"{one.get('pointer') or one.get('name')}: {one['message']}" for one in _errors(problem))
    said = ": ".join(dict.fromkeys(filter(None, (problem.get("title"), problem.get("detail"), details))))
    again = " Run it again when `kith doctor` finds all processes ready." if answer.status_code >= FIRST_FAILURE else ""
    return f"{request.method} {request.url.path} answered {answer.status_code}: {said.rstrip('.')}.{again}"


def _errors(problem: Json) -> list[Json]:
    return list(problem.get("errors") or [])
