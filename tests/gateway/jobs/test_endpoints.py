"""Jobs of three services as one list, read and commanded where they run."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from gateway.app import create_app
from services.kit.clock import FixedClock
from services.kit.database import Database
from services.kit.ids import new_id
from services.kit.jobs.endpoints import router as jobs_router
from tests.gateway.conftest import Issue, echo_document, gateway_settings, opened
from tests.gateway.peers import SERVICES, bare_services

Add = Callable[..., Awaitable[str]]


@pytest.fixture
async def peers(settings_for: Callable[..., Any], clock: FixedClock) -> AsyncIterator[dict[str, str]]:
    """Three services that do nothing but have jobs."""
    async with bare_services(settings_for, clock, jobs_router) as found:
        yield found


@pytest.fixture
def add_job(database_for: Callable[[str], Awaitable[Database]], workspace: UUID, clock: FixedClock) -> Add:
    """Return the maker of jobs: await it with a service and a state, and get the id of a job."""

    async def add(service: str, status: str = "running") -> str:
        clock.advance(timedelta(milliseconds=500))
        job_id = new_id()
        database = await database_for(service)
        async with database.worker() as session:
            await session.execute(
                "INSERT INTO jobs (workspace_id, id, kind, status, created_at) VALUES ($1, $2, $3, $4, $5)",
                workspace,
                job_id,
                f"{service}_work",
                status,
                clock.now(),
            )
        return str(job_id)

    return add


async def read_all(client: httpx.AsyncClient, **params: Any) -> list[str]:  # noqa: ANN401 - query values
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get("/v1/jobs", params=params | cursor)).json()
        found += [job["id"] for job in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


class TestList:
    async def test_needs_the_scope(self, client: httpx.AsyncClient, issue: Issue) -> None:
        key = {"Authorization": f"Bearer {await issue(scopes=['people:read'])}"}
        assert (await client.get("/v1/jobs", headers=key)).status_code == 403

    async def test_shows_the_jobs_of_all_services_newest_first(self, client: httpx.AsyncClient, add_job: Add) -> None:
        made = [await add_job(SERVICES[number * 7 % 3]) for number in range(11)]
        for limit in (1, 2, 4, 50):
            assert await read_all(client, limit=limit) == made[::-1]
        assert await read_all(client, limit=3, sort="created_at") == made
        page = (await client.get("/v1/jobs", params={"count": "exact", "limit": 2})).json()
        assert page["count"] == {"value": 11, "kind": "exact"}
        assert page["unavailable"] == []

    async def test_filters_everywhere(self, client: httpx.AsyncClient, add_job: Add) -> None:
        await add_job("contacts")
        failed = [await add_job(service, status="failed") for service in SERVICES]
        assert await read_all(client, status="failed") == failed[::-1]
        assert await read_all(client, kind="scoring_work") == [failed[1]]

    async def test_new_jobs_in_front_move_nothing(self, client: httpx.AsyncClient, add_job: Add) -> None:
        made = [await add_job("contacts") for _ in range(4)]
        first = (await client.get("/v1/jobs", params={"limit": 2})).json()
        for service in SERVICES:
            await add_job(service)
        second = (await client.get("/v1/jobs", params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [job["id"] for job in [*first["items"], *second["items"]]] == made[::-1]

    async def test_a_foreign_or_damaged_cursor_is_refused(
        self, client: httpx.AsyncClient, add_job: Add, stranger: dict[str, str]
    ) -> None:
        for service in SERVICES:
            await add_job(service)
        cursor = (await client.get("/v1/jobs", params={"limit": 1})).json()["next_cursor"]
        for params, headers in (
            ({"cursor": cursor + "A"}, {}),
            ({"cursor": cursor, "status": "failed"}, {}),
            ({"cursor": cursor}, stranger),
        ):
            assert (await client.get("/v1/jobs", params=params, headers=headers)).status_code == 400

    async def test_names_a_service_that_is_away(
        self, peers: dict[str, str], settings_for: Callable[..., Any], clock: FixedClock, issue: Issue, add_job: Add
    ) -> None:
        job = await add_job("contacts")
        settings = gateway_settings(settings_for, peers | {"scoring": "http://127.0.0.1:1"})
        async with opened(create_app(settings, clock, document=echo_document())) as client:
            client.headers["Authorization"] = f"Bearer {await issue()}"
            page = (await client.get("/v1/jobs")).json()
            assert [found["id"] for found in page["items"]] == [job]
            assert page["unavailable"] == [{"service": "scoring", "problem": "unavailable"}]
            assert (await client.get(f"/v1/jobs/{job}")).status_code == 200
            assert (await client.get(f"/v1/jobs/{new_id()}")).status_code == 503


class TestOne:
    async def test_is_found_wherever_it_runs(self, client: httpx.AsyncClient, add_job: Add) -> None:
        for service in SERVICES:
            job = await add_job(service)
            answer = await client.get(f"/v1/jobs/{job}")
            assert (answer.json()["kind"], answer.headers["etag"]) == (f"{service}_work", '"v1"')

    async def test_of_nobody_or_another_workspace_is_404(
        self, client: httpx.AsyncClient, add_job: Add, stranger: dict[str, str]
    ) -> None:
        job = await add_job("scoring")
        assert (await client.get(f"/v1/jobs/{new_id()}")).status_code == 404
        assert (await client.get(f"/v1/jobs/{job}", headers=stranger)).status_code == 404
        assert (await client.post(f"/v1/jobs/{job}/cancel", headers=stranger)).status_code == 404

    async def test_is_cancelled_where_it_runs_and_only_once(self, client: httpx.AsyncClient, add_job: Add) -> None:
        job = await add_job("campaigns")
        first = await client.post(f"/v1/jobs/{job}/cancel", headers={"Idempotency-Key": "stop"})
        again = await client.post(f"/v1/jobs/{job}/cancel", headers={"Idempotency-Key": "stop"})
        assert first.json()["status"] == "cancelling"
        assert again.json() == first.json()

    async def test_that_has_ended_cannot_be_cancelled(self, client: httpx.AsyncClient, add_job: Add) -> None:
        job = await add_job("contacts", status="succeeded")
        answer = await client.post(f"/v1/jobs/{job}/cancel")
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "job-finished")
