"""The sources of contacts as an application of their own, with the applier at hand."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.contacts.settings import ContactsSettings
from services.contacts.sources.applier import Applier
from services.contacts.sources.dependencies import WayIn, way_in
from services.contacts.sources.endpoints import router
from services.contacts.sources.intake_rows import IntakeRows
from services.kit.clock import FixedClock
from services.kit.web.app import Kit, create_app
from tests.callers import Caller, running
from tests.contacts.intake import intake_of
from tests.samples.deliveries import SECRET, shopify, woocommerce

Json = dict[str, Any]


@dataclass
class Stall:
    """A workspace with sources, seen from outside and from inside."""

    client: httpx.AsyncClient
    caller: Caller
    kit: Kit
    way_in: WayIn
    applier: Applier

    @property
    def headers(self) -> dict[str, str]:
        """The headers of an administrator's request."""
        return self.caller.headers("contacts")

    async def source(self, platform: str = "shopify", secret: str | None = SECRET, **more: object) -> Json:
        """Connect a shop."""
        body = {"platform": platform, "name": "Three Hills", "secret": secret, **more}
        answer = await self.client.post("/v1/sources", json=body, headers=self.headers)
        assert answer.status_code == 201, answer.text
        found: Json = answer.json()
        return found

    async def call(self, source: Json, topic: str, body: bytes, **more: str) -> httpx.Response:
        """Call as the shop does."""
        sign = shopify if source["platform"] == "shopify" else woocommerce
        return await self.client.post(f"/v1/webhooks/{source['id']}", content=body, headers=sign(topic, body, **more))

    async def deliveries(self, source: Json, **filters: str) -> list[Json]:
        """Return the deliveries of a source, oldest first."""
        answer = await self.client.get(
            f"/v1/sources/{source['id']}/deliveries", params={"sort": "received_at", **filters}, headers=self.headers
        )
        assert answer.status_code == 200, answer.text
        items: list[Json] = answer.json()["items"]
        return items

    async def rows(self, table: str, order_by: str = "id") -> list[Json]:
        """Return the rows of the workspace."""
        async with self.kit.database.worker() as session:
            sql = f"SELECT * FROM {table} WHERE workspace_id = $1 ORDER BY {order_by}"
            return [dict(row) for row in await session.fetch(sql, self.caller.workspace_id)]


@pytest.fixture
async def stall(settings_for: Callable[..., Any], clock: FixedClock, workspace_id: UUID) -> AsyncIterator[Stall]:
    """A workspace with no source yet."""
    kit = Kit.build(settings_for("contacts", ContactsSettings), clock)
    inside = way_in(kit)
    app = create_app(kit, title="Sources", routers=[router], routes=inside.routes, lifespan=lambda _: inside.running())
    app.state.way_in = inside
    async with running(app) as client:
        applier = Applier(kit.database, IntakeRows(), intake_of(kit.clock), kit.clock)
        yield Stall(client, Caller(workspace_id=workspace_id), kit, inside, applier)
