"""The gateway's own questions carry an identity that holds, whatever happens to the clock."""

from datetime import timedelta
from uuid import UUID

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from gateway.door.calls import Calls
from gateway.door.upstream import Upstream
from services.kit.clock import FixedClock
from services.kit.identity import HEADER, Identity, IdentitySigner, IdentityVerifier
from services.kit.ids import new_id
from tests import keys
from tests.gateway.peers import served


class Asked:
    """A service that keeps the identities it is called with."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.tokens.append(Request(scope).headers[HEADER])
        await JSONResponse({})(scope, receive, send)


@pytest.mark.parametrize("jump", [timedelta(hours=8), timedelta(hours=-8)])
async def test_it_holds_at_once_after_the_clock_was_set_or_the_machine_slept(
    clock: FixedClock, jump: timedelta
) -> None:
    def now() -> float:
        return clock.now().timestamp()

    service = Asked()
    identity = Identity(workspace_id=new_id(), actor_id=UUID(int=1), scopes=frozenset({"admin"}))
    async with served(service) as url:
        upstream = Upstream({"contacts": url}, connect_seconds=30, answer_seconds=30, connections=1)
        calls = Calls(upstream, IdentitySigner("gateway", keys.private_key("gateway"), now=now), seconds=30)
        for advance in (timedelta(0), timedelta(seconds=1), jump):
            clock.advance(advance)
            await calls.get("contacts", "/v1/people", identity, {"people:read"})
        upstream.stop()
    assert service.tokens[0] == service.tokens[1]
    verifier = IdentityVerifier("contacts", keys.public_keys(), now=now)
    assert verifier.verify(service.tokens[2]).workspace_id == identity.workspace_id
