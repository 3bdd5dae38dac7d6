"""One customer from three services: everything when all are there, what there is when one is not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.app import create_app
from services.kit.circuit import FAILURES
from services.kit.clock import FixedClock
from services.kit.identity import Identity, IdentityVerifier
from services.kit.ids import new_id
from tests import keys
from tests.gateway.conftest import Issue, echo_document, gateway_settings, opened
from tests.gateway.peers import served

SERVICES = ("contacts", "scoring", "campaigns")
TOTALS = {"count": 0, "net": [], "refunded": [], "first_placed_at": None, "last_placed_at": None}
EMPTY: dict[str, Any] = {"items": []}


class Peer:
    """A service with canned answers; remembers who asked for what."""

    def __init__(self, name: str) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, Identity, Request]] = []
        self.status = 200
        self.in_time = asyncio.Event()
        self.in_time.set()
        self.url = ""
        self._verifier = IdentityVerifier(name, keys.public_keys())
        self.app = Starlette(routes=[Route("/{path:path}", self.answer, methods=["GET", "POST"])])

    async def answer(self, request: Request) -> Response:
        """Answer a path, 404 where nothing is prepared for it."""
        self.asked.append((request.url.path, self._verifier.verify(request.headers["kith-identity"]), request))
        await self.in_time.wait()
        if self.status != 200:
            return Response(status_code=self.status)
        found = self.answers.get(request.url.path)
        if found is None:
            return JSONResponse({"type": "/problems/not-found", "status": 404, "detail": ""}, 404)
        return JSONResponse(found, headers={"kith-stale": "true"} if "kith-after" in request.headers else {})

    def scopes(self, path: str) -> set[str]:
        """Return the scopes with which a path was asked for."""
        return {scope for asked, identity, _ in self.asked if asked == path for scope in identity.scopes}


@pytest.fixture
async def peers() -> AsyncIterator[dict[str, Peer]]:
    """Contacts, scoring and campaigns, who know one customer."""
    async with AsyncExitStack() as stack:
        found = {name: Peer(name) for name in SERVICES}
        for peer in found.values():
            peer.url = await stack.enter_async_context(served(peer.app))
        yield found
        for peer in found.values():
            peer.in_time.set()


@pytest.fixture
def customer(peers: dict[str, Peer]) -> str:
    """The id of a customer whom all services know."""
    found = str(new_id())
    know(peers, found)
    return found


def know(peers: dict[str, Peer], customer: str, kind: str = "person") -> None:
    peers["contacts"].answers |= {
        f"/internal/customers/{customer}": {"id": customer, "type": kind, "customer": {"id": customer, "name": "明"}},
        f"/internal/customers/{customer}/order-totals": TOTALS,
        "/v1/orders": {"items": [{"id": "o1"}]},
        "/v1/interactions": {"items": [{"id": "i1"}]},
    }
    peers["scoring"].answers[f"/v1/customers/{customer}/scores"] = {"scores": {"value_tier": {"value": "gold"}}}
    peers["campaigns"].answers["/v1/reminders"] = {"items": [{"id": "r1"}]}


@pytest.fixture
def part_seconds() -> float:
    """How long a part may take; tests that wait for the end of it ask for less."""
    return 30


@pytest.fixture
async def client(
    peers: dict[str, Peer], settings_for: Callable[..., Any], clock: FixedClock, issue: Issue, part_seconds: float
) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator in front of them."""
    urls = {name: peer.url for name, peer in peers.items()}
    settings = gateway_settings(settings_for, urls, part_seconds=part_seconds)
    async with opened(create_app(settings, clock, document=echo_document())) as client:
        client.headers["Authorization"] = f"Bearer {await issue()}"
        yield client


async def view(client: httpx.AsyncClient, customer: str, **headers: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/customers/{customer}/360", headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_all_parts_of_a_customer_whom_all_know(client: httpx.AsyncClient, customer: str) -> None:
    assert await view(client, customer) == {
        "id": customer,
        "customer": {"id": customer, "name": "明"},
        "orders": {"items": [{"id": "o1"}], "totals": TOTALS},
        "interactions": {"items": [{"id": "i1"}]},
        "cases": EMPTY,
        "scores": {"value_tier": {"value": "gold"}},
        "reminders": {"items": [{"id": "r1"}]},
        "messages": EMPTY,
        "unavailable": [],
    }


async def test_each_part_is_asked_for_with_its_own_scope_only(
    client: httpx.AsyncClient, customer: str, peers: dict[str, Peer]
) -> None:
    await view(client, customer)
    assert peers["contacts"].scopes("/v1/orders") == {"orders:read"}
    assert peers["contacts"].scopes("/v1/interactions") == {"interactions:read"}
    assert peers["contacts"].scopes(f"/internal/customers/{customer}") == {"internal", "people:read_contact"}
    assert peers["campaigns"].scopes("/v1/reminders") == {"reminders:read"}
    ((_, identity, request),) = peers["campaigns"].asked
    assert (identity.actor_kind, identity.service) == ("key", "gateway")
    assert dict(request.query_params) == {"customer_id": customer, "status": "open", "sort": "due_at", "limit": "50"}


async def test_a_customer_who_is_not_there_is_404(client: httpx.AsyncClient, customer: str) -> None:
    del customer
    answer = await client.get(f"/v1/customers/{new_id()}/360")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "not-found")
    assert (await client.get("/v1/customers/nobody/360")).status_code == 400


async def test_one_of_whom_others_have_not_heard_yet_has_no_scores_and_no_reminders(
    client: httpx.AsyncClient, customer: str, peers: dict[str, Peer]
) -> None:
    peers["scoring"].answers.clear()
    peers["campaigns"].answers.clear()
    found = await view(client, customer)
    assert (found["scores"], found["reminders"], found["unavailable"]) == ({}, EMPTY, [])


@pytest.mark.parametrize("part_seconds", [1.0])
@pytest.mark.parametrize(
    ("away", "parts"),
    [("scoring", ["scores"]), ("campaigns", ["reminders"]), ("contacts", ["customer", "interactions", "orders"])],
)
async def test_a_part_whose_service_is_late_is_null_and_named(
    client: httpx.AsyncClient, customer: str, peers: dict[str, Peer], away: str, parts: list[str]
) -> None:
    peers[away].in_time.clear()
    found = await view(client, customer)
    assert sorted(part for part, value in found.items() if value is None) == parts
    assert sorted(entry["part"] for entry in found["unavailable"]) == parts
    assert {(entry["service"], entry["problem"]) for entry in found["unavailable"]} == {(away, "gateway-timeout")}


async def test_a_part_that_the_key_may_not_read_is_null_and_named(
    client: httpx.AsyncClient, customer: str, peers: dict[str, Peer], issue: Issue
) -> None:
    key = await issue(scopes=["people:read", "scores:read"])
    found = await view(client, customer, Authorization=f"Bearer {key}")
    assert found["scores"] == {"value_tier": {"value": "gold"}}
    assert found["unavailable"] == [
        {"part": "orders", "service": "contacts", "problem": "forbidden"},
        {"part": "interactions", "service": "contacts", "problem": "forbidden"},
        {"part": "reminders", "service": "campaigns", "problem": "forbidden"},
    ]
    assert peers["campaigns"].asked == []
    assert peers["contacts"].scopes(f"/internal/customers/{customer}") == {"internal"}


async def test_an_account_is_not_there_for_one_who_may_not_read_accounts(
    client: httpx.AsyncClient, peers: dict[str, Peer], issue: Issue
) -> None:
    account = str(new_id())
    know(peers, account, "account")
    assert (await view(client, account))["id"] == account
    blind = {"Authorization": f"Bearer {await issue(scopes=['people:read'])}"}
    assert (await client.get(f"/v1/customers/{account}/360", headers=blind)).status_code == 404


async def test_one_who_was_joined_is_shown_as_who_stays(
    client: httpx.AsyncClient, customer: str, peers: dict[str, Peer]
) -> None:
    old = str(new_id())
    contacts = peers["contacts"].answers
    contacts[f"/internal/customers/{old}"] = contacts[f"/internal/customers/{customer}"]
    found = await view(client, old)
    assert (found["id"], found["scores"]) == (customer, {"value_tier": {"value": "gold"}})
    assert found["unavailable"] == []


async def test_the_callers_language_and_position_reach_the_services(
    client: httpx.AsyncClient, customer: str, peers: dict[str, Peer]
) -> None:
    headers = {"Accept-Language": "zh-Hant", "Kith-After": "contacts:7"}
    answer = await client.get(f"/v1/customers/{customer}/360", headers=headers)
    assert answer.headers["kith-stale"] == "true"
    for peer in peers.values():
        assert all(request.headers["accept-language"] == "zh-Hant" for _, _, request in peer.asked)
        assert all(request.headers["kith-after"] == "contacts:7" for _, _, request in peer.asked)


async def test_a_service_that_stays_away_is_not_asked_for_a_while(
    client: httpx.AsyncClient, customer: str, peers: dict[str, Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kit.circuit.OPEN_SECONDS", 3600)
    peers["campaigns"].status = 503
    for _ in range(FAILURES):
        await view(client, customer)
    asked = len(peers["campaigns"].asked)
    found = await view(client, customer)
    assert len(peers["campaigns"].asked) == asked
    assert found["unavailable"] == [{"part": "reminders", "service": "campaigns", "problem": "unavailable"}]
