"""Settings of a workspace: read, changed, told to the services."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from services.kit.database import Database
from tests.gateway.conftest import Issue
from tests.gateway.peers import Echo

PATH = "/v1/workspace"


@pytest.fixture
async def admin(issue: Issue) -> dict[str, str]:
    """The headers of an administrator."""
    return {"Authorization": f"Bearer {await issue()}"}


async def told(database: Database, workspace: UUID) -> list[dict[str, Any]]:
    async with database.worker() as session:
        rows = await session.fetch("SELECT data FROM outbox WHERE workspace_id = $1 ORDER BY seq", workspace)
    return [row["data"] for row in rows]


class TestRead:
    async def test_needs_the_scope(self, http: httpx.AsyncClient, issue: Issue) -> None:
        key = {"Authorization": f"Bearer {await issue(scopes=['people:read'])}"}
        assert (await http.get(PATH, headers=key)).status_code == 403

    async def test_shows_the_callers_own(self, http: httpx.AsyncClient, admin: dict[str, str], workspace: UUID) -> None:
        answer = await http.get(PATH, headers=admin)
        assert (answer.json()["id"], answer.json()["name"]) == (str(workspace), "Lucky Shop")
        assert answer.headers["etag"] == '"v1"'


class TestChange:
    async def test_changes_what_is_sent_and_tells_the_services(
        self, http: httpx.AsyncClient, admin: dict[str, str], workspace: UUID, database: Database
    ) -> None:
        body = {"reporting_currency": "EUR", "fiscal_year_start": "04-01", "default_region": "TW"}
        answer = await http.patch(PATH, headers=admin, json=body)
        assert answer.status_code == 200, answer.text
        changed = answer.json()
        assert {name: changed[name] for name in body} == body
        assert (changed["name"], changed["version"]) == ("Lucky Shop", 2)
        (event,) = await told(database, workspace)
        assert event["workspace_id"] == str(workspace)
        assert (event["reporting_currency"], event["time_zone"], event["version"]) == ("EUR", "Asia/Taipei", 2)

    async def test_is_answered_once_the_services_have_heard_of_it(
        self, http: httpx.AsyncClient, admin: dict[str, str], echo: Echo
    ) -> None:
        answer = await http.patch(PATH, headers=admin, json={"reporting_currency": "EUR"})
        asked = [(seen["path"], seen["headers"].get("kith-after")) for seen in echo.seen]
        assert asked == [("/v1/exchange-rates", answer.headers["kith-position"])]

    async def test_that_changes_nothing_is_no_event(
        self, http: httpx.AsyncClient, admin: dict[str, str], workspace: UUID, database: Database
    ) -> None:
        answer = await http.patch(PATH, headers=admin, json={"name": "Lucky Shop"})
        assert answer.json()["version"] == 1
        assert await told(database, workspace) == []

    async def test_keeps_the_identity_provider(self, http: httpx.AsyncClient, admin: dict[str, str]) -> None:
        provider = {
            "issuer": "https://id.example",
            "audience": "kith",
            "jwks_url": "https://id.example/jwks",
            "algorithm": "ES256",
            "claims": {"scopes": "scope", "rep": "rep", "visibility": "sees"},
        }
        await http.patch(PATH, headers=admin, json={"identity": provider})
        assert (await http.get(PATH, headers=admin)).json()["identity"] == provider
        await http.patch(PATH, headers=admin, json={"identity": None})
        assert (await http.get(PATH, headers=admin)).json()["identity"] is None

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("time_zone", "Asia/Nowhere"),
            ("time_zone", None),
            ("locale", "xx"),
            ("reporting_currency", "XXX"),
            ("reporting_currency", "twd"),
            ("fiscal_year_start", "02-29"),
            ("fiscal_year_start", "13-01"),
            ("default_region", "Taiwan"),
            ("name", ""),
            ("mode", "test"),
        ],
    )
    async def test_names_the_field_that_does_not_fit(
        self, http: httpx.AsyncClient, admin: dict[str, str], field: str, value: object
    ) -> None:
        answer = await http.patch(PATH, headers=admin, json={field: value})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == f"#/{field}"

    async def test_of_an_older_version_is_refused(self, http: httpx.AsyncClient, admin: dict[str, str]) -> None:
        answer = await http.patch(PATH, headers=admin | {"If-Match": 'W/"v3"'}, json={"name": "x"})
        assert (answer.status_code, answer.json()["current"]) == (412, '"v1"')
