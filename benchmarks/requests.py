"""Requests of the API: what a person created and a page of people cost, through the gateway and straight."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from benchmarks import people
from benchmarks.ceiling import signature
from benchmarks.figures import middle, report
from benchmarks.intake import Ground
from benchmarks.load import Call, Result, run_load
from benchmarks.stack import Stack
from deploy.local.keys import Keys
from services.kit.identity import HEADER, Identity, IdentitySigner
from services.kit.ids import new_id

CONNECTIONS = 16
SECONDS = 3.0
ROUNDS = 3
TOKEN_SECONDS = 12.0
LIST = "/v1/people?limit=50"

Make = Callable[[int], Call]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to ask: a name for it, the port it leads to, and its requests."""

    name: str
    port: int
    make: Make


class Straight:
    """Headers of a call past the gateway: an identity signed as the gateway signs it, anew every twelve seconds."""

    def __init__(self, stack: Stack, workspace_id: UUID) -> None:
        self._signer = IdentitySigner("gateway", Keys(stack.home / "secrets").identity_private_key("gateway"))
        self._identity = Identity(workspace_id, new_id(), scopes=frozenset({"admin"}))
        self._token = ""
        self._until = 0.0

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the next call."""
        if self._until < time.monotonic():
            self._token = self._signer.sign(self._identity, "contacts")
            self._until = time.monotonic() + TOKEN_SECONDS
        return {HEADER: self._token, "content-type": "application/json"}


async def measure_requests(ground: Ground) -> None:
    """Print the rates and ratios of both operations, and what the gateway keeps of the rate past it."""
    stack = ground.stack
    workspace_id, key = stack.add_workspace("Hundred thousand people")
    await people.fill(stack.database_url, workspace_id)
    straight = Straight(stack, workspace_id)
    bearer = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    one = stack_path(stack, bearer)
    gateway, contacts = stack.ports["gateway"], stack.ports["contacts"]
    shares = [
        await compare(
            "create_person",
            Way("ceiling", ground.ceiling_port, Bodies(0).signed),
            Way("gateway", gateway, Bodies(1).create(lambda: bearer)),
            Way("direct", contacts, Bodies(2).create(lambda: straight.headers)),
        ),
        await compare(
            "list50_100k",
            Way("ceiling", ground.ceiling_port, lambda _: Call("GET", f"/people?workspace={workspace_id}")),
            Way("gateway", gateway, lambda _: Call("GET", LIST, bearer)),
            Way("direct", contacts, lambda _: Call("GET", LIST, straight.headers)),
        ),
        await compare(
            "read_person",
            None,
            Way("gateway", gateway, lambda _: Call("GET", one, bearer)),
            Way("direct", contacts, lambda _: Call("GET", one, straight.headers)),
        ),
    ]
    report("gateway_share", min(shares), "x", "higher", "straight at the service, the worst of three")


def stack_path(stack: Stack, bearer: dict[str, str]) -> str:
    """Return the address of one person of the list."""
    page = stack.call("GET", "/v1/people?limit=1", headers=bearer)
    return f"/v1/people/{page['items'][0]['id']}"


class Bodies:
    """People to create: made before the clock starts, each sent once, in the order of the calls."""

    def __init__(self, run: int) -> None:
        self._bodies = [people.body(number, run=run) for number in range(people.BODIES)]
        self._next = iter(self._bodies)

    def create(self, headers: Callable[[], dict[str, str]]) -> Make:
        """Return calls to Kith."""
        return lambda _: Call("POST", "/v1/people", headers(), next(self._next))

    def signed(self, number: int) -> Call:
        """Return a call to the ceiling, which takes the same body any number of times."""
        content = self._bodies[number % len(self._bodies)]
        return Call("POST", "/signed", {"x-shopify-hmac-sha256": signature(content).decode()}, content)


async def compare(name: str, ceiling: Way | None, gateway: Way, direct: Way) -> float:
    """Measure an operation all ways in turn, print its figures, and return the gateway's share of the direct rate."""
    rates: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for way in (ceiling, gateway, direct):
            if way is not None:
                rates.setdefault(way.name, []).append(good(await loaded(way)).rate)
    through = middle(rates["gateway"])
    report(f"{name}_gateway_rps", through, "1/s", "higher")
    if ceiling is not None:
        against = f"bare ceiling: {middle(rates['ceiling']):.0f}/s"
        report(f"{name}_gateway_ratio", through / middle(rates["ceiling"]), "x", "higher", against)
    share = through / middle(rates["direct"])
    report(f"{name}_gateway_share", share, "x", "higher", f"straight at the service: {middle(rates['direct']):.0f}/s")
    return share


async def loaded(way: Way) -> Result:
    """Run one load of the usual length."""
    return await run_load(way.port, way.make, connections=CONNECTIONS, seconds=SECONDS)


def good(result: Result) -> Result:
    """Return a result without failures; a rate of refusals would be no rate."""
    if any(code >= 400 for code in result.codes):
        message = f"not every request succeeded: {dict(result.codes)}"
        raise RuntimeError(message)
    return result
