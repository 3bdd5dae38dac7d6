"""The service with its worker: loops, clocks and jobs at work; contacts and the gateway are away."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import httpx

from services.kit.clock import FixedClock
from services.kit.ids import new_id
from services.kit.jobs import Limits
from services.scoring.app import create_app
from services.scoring.settings import ScoringSettings
from tests.callers import Caller, running
from tests.scoring.api import Api
from tests.scoring.conftest import PEERS
from tests.scoring.stage import Stage
from tests.waiting import until

AWAY = {name: httpx.MockTransport(lambda _: httpx.Response(503)) for name in PEERS}
QUICK = Limits(seconds_between_looks=0.05)


async def test_jobs_midnights_sweeps_and_facts_that_come_of_age(
    stage: Stage, settings_for: Callable[..., ScoringSettings], clock: FixedClock
) -> None:
    first, later = new_id(), new_id()
    await stage.tell(stage.bought(first, "2026-11-20", 1000))
    await stage.tell(*(stage.bought(new_id(), "2026-11-20", 5000 + number) for number in range(12)))
    await stage.tell(stage.bought(later, "2026-11-24", 9000))
    settings = settings_for(
        "scoring", ScoringSettings, peers=PEERS, run_worker=True, clock_seconds=0.05, sweep_seconds=0.05
    )

    async def tier_is(customer: UUID, value: str) -> bool:
        found = await stage.scores()
        return found.get(customer, {}).get("value_tier", (None, None))[0] == value

    async with running(create_app(settings, clock, AWAY, QUICK)) as client:
        api = Api(client, Caller(workspace_id=stage.workspace_id))
        await until(lambda: tier_is(first, "bronze"))
        job = (await api.call("POST", "/v1/scores/recompute", json={})).json()

        async def done() -> bool:
            return bool((await api.get(f"/v1/jobs/{job['id']}"))["status"] == "succeeded")

        await until(done)
        clock.advance(timedelta(days=3))
        await until(lambda: tier_is(later, "diamond"))

        async def daily() -> bool:
            rows = await stage.rows("SELECT 1 FROM jobs WHERE kind = 'scores.daily' AND status = 'succeeded'")
            return bool(rows)

        await until(daily)
