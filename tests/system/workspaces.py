"""Two workspaces side by side: one with something of everything, and somebody else's."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from deploy.local.bootstrap import running_gateway
from gateway import bootstrap
from tests.system.client import Client, Json
from tests.system.document import Operation, operations
from tests.system.shops import Shop
from tests.system.stack import Stack
from tests.system.test_main_job import view_with_reminder

# No operation of this release needs these: keys that hold nothing else may do nothing.
USELESS_SCOPES = ("coupons:read", "journeys:read")


NEEDED: dict[str, dict[str, str]] = {"/v1/scores": {"kind": "value_tier"}}
"""Parameters without which a list says nothing."""


@dataclass
class Two:
    """Two workspaces: what the first one has, and the other one's admin."""

    anonymous: Client
    powerless: Client
    owner: Client
    foreigner: Client
    ids: dict[str, str]
    bodies: dict[str, Json]
    """Bodies that fit where the document's own example would be refused for what it says."""

    def request(self, operation: Operation) -> Json:
        """Return a body that the foreigner may send, as arguments for the client."""
        own = self.bodies.get(operation.path.rpartition("/")[2])
        return {"json": own} if own else operation.request()


@asynccontextmanager
async def two_workspaces(stack: Stack) -> AsyncIterator[Two]:
    """Make a workspace with something of everything, and another one."""
    settings = running_gateway(stack.home)
    mine, key = await bootstrap.create_workspace(settings, "Mine")
    _, other_key = await bootstrap.create_workspace(settings, "Other")
    weak_key = await bootstrap.create_key(settings, mine, "weak", list(USELESS_SCOPES))
    async with (
        Client(stack.url, None) as anonymous,
        Client(stack.url, weak_key) as powerless,
        Client(stack.url, key) as owner,
        Client(stack.url, other_key) as foreigner,
    ):
        await owner.configure(reporting_currency="TWD")
        yield Two(anonymous, powerless, owner, foreigner, await furnish(owner), await fitting_bodies(foreigner))


async def fitting_bodies(client: Client) -> dict[str, Json]:
    """Return bodies that name a rep of the caller's own, and a time to come."""
    rep = await client.post("/v1/reps", {"display_name": "Somebody"})
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    return {"reassign": {"rep_id": rep["id"]}, "snooze": {"until": later}}


async def furnish(client: Client) -> dict[str, str]:
    """Create one of everything; returns ids by the collection that they belong to."""
    shop = await Shop.connect(client, "shopify")
    order = shop.order()
    answer = await shop.place(order)
    view = await view_with_reminder(client, shop, order)
    person = view["customer"]["id"]
    stored = await shop.stored_order(order.external_id)
    created = {
        "accounts": {"name": "Hidden"},
        "reps": {"display_name": "Hidden"},
        "exchange-rates": {"currency": "USD", "valid_from": "2026-01-01", "rate": "30"},
        "interactions": {"customer_id": person, "function": "care", "channel": "call", "direction": "outbound"},
        "api-keys": {"name": "Hidden", "scopes": ["people:read"]},
    }
    ids = {name: (await client.post(f"/v1/{name}", body))["id"] for name, body in created.items()}
    ids["teams"] = (await client.post("/v1/teams", {"name": "Hidden", "rep_ids": [ids["reps"]]}))["id"]
    job = await client.job(await client.post("/v1/scores/recompute", {}))
    imported = await client.send(
        "POST",
        "/v1/imports",
        files={
            "file": ("orders.csv", b"external_id,total,currency,placed_at\n1,5,TWD,2026-01-01T00:00:00Z\n", "text/csv")
        },
        data={"kind": "orders", "format": "csv"},
    )
    policies = await client.items("/v1/scoring-policies")
    care_rules = await client.items("/v1/care-rules")
    ids |= {
        "people": person,
        "customers": person,
        "orders": stored["id"],
        "sources": shop.source_id,
        "deliveries": answer["delivery_id"],
        "reminders": view["reminders"]["items"][0]["id"],
        "jobs": job["id"],
        "imports": imported.json()["id"],
        "scoring-policies": policies[0]["id"],
        "care-rules": care_rules[0]["id"],
        "source": shop.key,
        "external_id": order.external_id,
    }
    return ids | await one_of_each_other(client, ids)


async def one_of_each_other(client: Client, ids: dict[str, str]) -> dict[str, str]:
    """Create, by the document's own example, what operations on an id need and nothing above has made."""
    makers = {one.path: one for one in operations() if one.method == "POST"}
    found: dict[str, str] = {}
    for operation in operations():
        for before, step in itertools.pairwise(operation.path.split("/")):
            maker = makers.get(f"/v1/{before}")
            if step.startswith("{") and not {before, step.strip("{}")} & (ids | found).keys() and maker:
                answer = await client.send("POST", maker.path, **maker.request())
                assert answer.is_success, f"{maker}: {answer.text}; make one in furnish()"
                found[before] = answer.json()["id"]
    return found


def foreign_address(operation: Operation, ids: dict[str, str]) -> str:
    """Return the path of an operation on something that the other workspace has."""
    steps = operation.path.split("/")
    values = {}
    for before, step in itertools.pairwise(steps):
        if step.startswith("{"):
            name = step.strip("{}")
            values[name] = ids[name] if name in ids else ids[before]
    return operation.address(values)
