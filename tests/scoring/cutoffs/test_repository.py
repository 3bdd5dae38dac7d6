"""Cut-offs taken with SQL are those of the pure rules, at any time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.scoring.cutoffs.repository import figures
from services.scoring.cutoffs.rules import FAMILIES, Cutoffs
from services.scoring.facts.rules import local_day, rates_of
from services.scoring.workspaces import service as workspaces
from tests.scoring.chance import random_shop
from tests.scoring.example import AS_OF, CUSTOMERS, ZONE, Customer, id_of
from tests.scoring.reference import cutoffs_of, history_of
from tests.scoring.stage import Stage

NO_RATES = rates_of("TWD", [])


HOLDS = """settled_at <= $1 AND figures_from <= $1::date - DATE '0001-01-01' + 1
    AND figures_until > $1::date - DATE '0001-01-01' + 2"""


def expected(shop: Sequence[Customer], population: str, as_of: datetime) -> Cutoffs:
    """Return the cut-offs of a population by the pure rules."""
    histories = [history_of(one.orders, as_of, ZONE, NO_RATES).history for one in shop if one.kind == population]
    return cutoffs_of(histories, local_day(as_of, ZONE))


async def taken(stage: Stage, population: str, as_of: datetime) -> Cutoffs:
    """Return the cut-offs of a population as the service takes them."""
    service = stage.evaluation
    async with stage.database.worker() as session:
        workspace = await workspaces.find(session, stage.workspace_id)
        assert workspace is not None
        setting = await service.setting(session, workspace, as_of)
        return (await service.cutoffs.at(session, setting, population, as_of, past=True)).cutoffs


@pytest.mark.parametrize("population", ["person", "account"])
@pytest.mark.parametrize("seed", [11, 12, 13])
@pytest.mark.parametrize("days_before", [0, 40, 400])
async def test_they_equal_the_rules_now_and_in_the_past(
    stage: Stage, seed: int, population: str, days_before: int
) -> None:
    shop = random_shop(seed, persons=60, accounts=25)
    await stage.tell(*stage.events_of(shop))
    as_of = AS_OF - timedelta(days=days_before)
    assert await taken(stage, population, as_of) == expected(shop, population, as_of)


@pytest.mark.parametrize("seed", [14, 15])
async def test_recorded_ones_come_out_of_standings_as_they_would_out_of_orders(stage: Stage, seed: int) -> None:
    shop = random_shop(seed, persons=80, accounts=25)
    await stage.tell(stage.rate("USD", "2024-01-01", "31.25"), *stage.events_of(shop))
    await stage.tell(stage.customer(id_of(shop[0].name), do_not_pursue=True))
    for days in (0, 0.4, 3, 30):
        stage.clock.advance(timedelta(days=days))
        if days == 0.4:
            await stage.tell(*(stage.bought(id_of(one.name), "2026-11-22", 777) for one in shop[:9]))
        async with stage.database.worker() as session:
            workspace = await workspaces.find(session, stage.workspace_id)
            assert workspace is not None
            setting = await stage.evaluation.setting(session, workspace, stage.now)
            for population in ("person", "account"):
                wanted = await stage.cutoffs._wanted(session, setting, population, stage.now)
                quick = replace(wanted, policy_version=setting.policy.version)
                by_standings, by_orders = [dict(await figures(session, one, FAMILIES)) for one in (quick, wanted)]
                assert by_standings == by_orders
                assert by_orders["customers"] > 0
            assert await session.fetchval(f"SELECT count(*) FROM standings WHERE {HOLDS}", stage.now) > 0


async def test_nobody_at_all_has_no_lines(stage: Stage) -> None:
    assert await taken(stage, "person", AS_OF) == expected([], "person", AS_OF)


async def test_who_is_in_no_population_moves_no_rank(stage: Stage) -> None:
    await stage.tell(*stage.events_of(CUSTOMERS[1:10]))
    before = (await taken(stage, "person", AS_OF)).lines
    await stage.tell(*stage.events_of(CUSTOMERS[:1]))
    await stage.tell(stage.customer(id_of("C01"), internal=True))
    assert (await taken(stage, "person", AS_OF)).lines == before


async def test_erased_customers_and_nameless_orders_stay_in_the_average_order(stage: Stage) -> None:
    await stage.tell(*stage.events_of(CUSTOMERS[:10]))
    before = (await taken(stage, "person", AS_OF)).lines
    await stage.tell(stage.customer(id_of("C01"), erased=True, deleted=True))
    erased = (await taken(stage, "person", AS_OF)).lines
    assert (erased.base_orders, erased.base_sum) == (before.base_orders, before.base_sum)
    assert erased.customers == before.customers - 1
    await stage.tell(stage.bought(None, "2026-10-01", 700))
    nameless = (await taken(stage, "person", AS_OF)).lines
    assert nameless.base_orders == before.base_orders + 1
    assert nameless.customers == erased.customers
