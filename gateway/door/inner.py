"""The own endpoints, asked the way a service is: with a signed identity and nothing of the caller's credentials."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.door.answers import finish
from gateway.door.headers import CREDENTIALS, OURS, Header, outwards
from gateway.door.upstream import Incoming
from gateway.door.visit import Visit


def inner_scope(scope: Scope, visit: Visit, identity: list[Header]) -> Scope:
    """Return the scope as the own endpoints see it."""
    dropped = OURS | CREDENTIALS
    kept = [header for header in visit.headers if header[0] not in dropped]
    own = [header for header in visit.inward if header[0] in OURS]
    method = "GET" if visit.is_head else visit.method
    return {**scope, "method": method, "headers": [*kept, *own, *identity]}


async def ask_inner(app: ASGIApp, scope: Scope, receive: Receive) -> Incoming:
    """Return the whole answer of the own endpoints."""
    answer = Incoming(500, [], b"")
    pieces: list[bytes] = []

    async def collect(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = outwards(message["headers"])
        else:
            pieces.append(message.get("body", b""))

    await app(scope, receive, collect)
    answer.body = b"".join(pieces)
    return answer


def finished(send: Send, visit: Visit) -> Send:
    """Return a `send` that adds the door's headers to a page on its way out."""

    async def send_finished(message: Message) -> None:
        if message["type"] == "http.response.start":
            visit.started = True
            message["headers"] = finish(outwards(message["headers"]), visit.extra)
        await send(message)

    return send_finished
