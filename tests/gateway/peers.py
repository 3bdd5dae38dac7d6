"""Stand-ins for the services behind the gateway: real HTTP servers on loopback that say what they were asked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

import orjson
import uvicorn
from fastapi import APIRouter
from starlette.types import ASGIApp, Receive, Scope, Send

from services.kit.clock import FixedClock
from services.kit.web.app import Kit, create_app
from services.kit.web.ops import QuietServer

SERVICES = ("contacts", "scoring", "campaigns")


class Echo:
    """Answers every request with what it got; headers `x-echo-*` ask for more."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.url = ""
        self.nobody: set[str] = set()
        """Ids that it cannot name."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await whole_body(receive)
        headers = [(name.decode(), value.decode("latin-1")) for name, value in scope["headers"]]
        given = dict(headers)
        seen = {
            "method": scope["method"],
            "path": scope["raw_path"].decode(),
            "query": scope["query_string"].decode(),
            "headers": given,
            "length": len(body),
            "body": body.decode("latin-1")[:1000],
        }
        self.seen.append(seen)
        if "x-echo-sleep" in given:
            await asyncio.sleep(float(given["x-echo-sleep"]))
        if seen["path"] == "/internal/names":
            known = [one for one in orjson.loads(body)["ids"] if one not in self.nobody]
            names = [{"id": one, "type": "rep", "display_name": "明明"} for one in known]
            await answer(send, 200, orjson.dumps({"items": names}))
            return
        status = int(given.get("x-echo-status", "200"))
        reply = given["x-echo-body"].encode() if "x-echo-body" in given else orjson.dumps(seen)
        kind = given.get("x-echo-type", "application/json")
        await answer(send, status, reply * int(given.get("x-echo-times", "1")), kind, tagged="x-echo-bare" not in given)


async def whole_body(receive: Receive) -> bytes:
    """Read a request to its end."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


async def answer(send: Send, status: int, body: bytes, kind: str = "application/json", *, tagged: bool = True) -> None:
    """Send an answer with headers of which some must not get through."""
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"kith-position", b"contacts:9"),
        (b"access-control-allow-origin", b"*"),
        (b"x-request-id", b"another"),
    ]
    if tagged:
        headers.append((b"etag", b'"v7"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def bare_services(
    settings_for: Callable[..., Any], clock: FixedClock, router: APIRouter
) -> AsyncIterator[dict[str, str]]:
    """Serve three services that have nothing but a router of the kit; gives their base URLs."""
    async with contextlib.AsyncExitStack() as stack:
        apps = {
            name: create_app(Kit.build(settings_for(name), clock), title=name, routers=[router]) for name in SERVICES
        }
        yield {name: await stack.enter_async_context(served(app, lifespan="on")) for name, app in apps.items()}


@contextlib.asynccontextmanager
async def served(app: ASGIApp, *, lifespan: Literal["on", "off"] = "off") -> AsyncIterator[str]:
    """Serve an application on a free port; gives its base URL."""
    server = QuietServer(uvicorn.Config(app, port=0, lifespan=lifespan, log_config=None, access_log=False))
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
