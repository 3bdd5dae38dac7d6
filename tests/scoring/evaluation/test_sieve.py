"""Whom the sieve leaves out cannot have moved: with it and without it the same rows are written, to the last value."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.contracts.envelope import Event
from services.kit.clock import FixedClock
from services.kit.database import Database, Session
from services.kit.ids import new_id
from services.scoring.evaluation import sieve
from services.scoring.evaluation.asking import ask_to_recompute
from services.scoring.evaluation.jobs import EvaluationJobs
from services.scoring.evaluation.rules import PERSON
from services.scoring.evaluation.service import EvaluationService
from services.scoring.evaluation.sieve import Sifted
from services.scoring.facts.rules import Order, Refund
from services.scoring.workspaces.service import Workspace
from tests.scoring.chance import random_order
from tests.scoring.example import AS_OF, SPACE, ZONE, Customer
from tests.scoring.stage import Stage

AMOUNTS = (0, 50_000, 50_000, 120_000, 120_000, 333_333)
EDGES = (10, 60, 61, 89, 90, 91, 180, 270, 359, 360, 361, 363, 364, 365, 366)
"""Ages around which windows end."""
REPS = [new_id() for _ in range(3)]
WRITTEN = {
    "scores": "customer_id, kind, value, points, previous_value, changed_at, policy_version, body",
    "score_history": "customer_id, kind, value, previous_value, points, previous_points, as_of, cause, body",
}


class ByRulesAlone(EvaluationService):
    """Evaluates everybody, as if nobody's outcome could be told by numbers."""

    async def sift(self, session: Session, workspace: Workspace, after: UUID, limit: int) -> Sifted | None:
        now = self._clock.now()
        moment = await self.moment(session, await self.setting(session, workspace, now), PERSON, now)
        return await sieve.sift(session, workspace, replace(moment, recorded=False), after, limit)


class Twins:
    """Two workspaces that are told the same: one is sifted, in the other the rules look at everybody."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.clock = clock
        self.sifted, self.plain = (Stage(database, clock, new_id()) for _ in range(2))
        self.plain.jobs = EvaluationJobs(ByRulesAlone(self.plain.cutoffs, clock), chunk=100, stretch=100)
        self.sifted.jobs = EvaluationJobs(self.sifted.evaluation, chunk=7, stretch=50)

    async def tell(self, events: Sequence[Event]) -> None:
        for stage in (self.sifted, self.plain):
            for place in range(0, len(events), 300):
                await stage.tell(*events[place : place + 300])

    async def recompute(self) -> None:
        for stage in (self.sifted, self.plain):
            async with stage.database.write(stage.workspace_id) as session:
                await ask_to_recompute(session, [], None)
            await stage.work()

    async def pass_days(self, days: int) -> None:
        """Let days go by, each with its midnight."""
        for _ in range(days):
            self.clock.advance(timedelta(days=1))
            await self.sifted.evaluation_clock.ask_for_midnights()
            for stage in (self.sifted, self.plain):
                await stage.work()
            self.sifted.cutoffs.forget()
            await self.sifted.evaluation_clock.wake()

    async def agree(self) -> None:
        """Check that both wrote the same, whatever they left alone."""
        for table, columns in WRITTEN.items():
            one, other = [await rows(stage, table, columns) for stage in (self.sifted, self.plain)]
            assert one == other
        assert await events_of(self.sifted) == await events_of(self.plain)


async def rows(stage: Stage, table: str, columns: str) -> list[dict[str, Any]]:
    """Return what was written to a table, whatever the order of writing."""
    sql = f"SELECT {columns} FROM {table} WHERE workspace_id = $1"
    return sorted(await stage.rows(sql, stage.workspace_id), key=str)


async def events_of(stage: Stage) -> dict[tuple[str, int], dict[str, Any]]:
    """Return what was published, by customer and version."""
    sql = "SELECT data FROM outbox WHERE workspace_id = $1 AND type = 'customer.scored'"
    told = [row["data"] for row in await stage.rows(sql, stage.workspace_id)]
    return {(one["customer_id"], one["version"]): one for one in told}


def order_of(chance: Random) -> Order:
    """Return an order: mostly a plain one, often at the edge of a window; sometimes one with a fate."""
    if chance.random() < 0.1:
        return random_order(chance, 900)
    age = chance.choice(EDGES) if chance.random() < 0.4 else chance.randint(0, 900)
    placed_at = AS_OF - timedelta(days=age, seconds=chance.choice((0, 1, 14_399, 14_400, 14_401, 70_000)))
    total = chance.choice(AMOUNTS) if chance.random() < 0.7 else chance.randint(1, 900_000)
    refunds = [Refund(placed_at + timedelta(hours=1), chance.randint(0, total))] if chance.random() < 0.05 else []
    currency = "USD" if chance.random() < 0.1 else "TWD"
    return Order(UUID(int=chance.getrandbits(128)), placed_at, "paid", currency, total, refunds=tuple(refunds))


def shop_of(chance: Random, size: int) -> list[Customer]:
    """Return customers with one to nine orders each."""
    return [
        Customer(
            f"{place}",
            [order_of(chance) for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4, 5, 9)))],
            "account" if chance.random() < 0.05 else "person",
            AS_OF - timedelta(days=chance.randint(-9, 300)) if chance.random() < 0.05 else None,
        )
        for place in range(size)
    ]


def told(stage: Stage, chance: Random, shop: Sequence[Customer]) -> list[Event]:
    """Return the events that tell a shop, with owners, and contacts of some."""
    events: list[Event] = [stage.rate("USD", "2024-09-01", "31.25"), *stage.events_of(shop)]
    for one in chance.sample(shop, len(shop) // 10):
        customer = uuid5(SPACE, one.name)
        events.append(stage.customer(customer, one.kind, owner_rep_id=chance.choice(REPS)))
    events += [
        stage.interaction(uuid5(SPACE, one.name), f"2026-11-{chance.randint(1, 22):02d}", one.kind)
        for one in chance.sample(shop, len(shop) // 10)
    ]
    return events


@pytest.mark.parametrize(("seed", "size"), [(1, 300), (2, 300), (3, 60), (4, 4)])
async def test_with_and_without_it_the_same_is_written(stage: Stage, seed: int, size: int) -> None:
    chance = Random(seed)
    twins = Twins(stage.database, stage.clock)
    for one in (twins.sifted, twins.plain):
        await one.settings()
    shop = shop_of(chance, size)
    await twins.tell(told(stage, chance, shop))
    await twins.recompute()
    await twins.agree()
    for days in (1, 2, 7, 1, 5, 1):
        await twins.pass_days(days)
        await twins.agree()
        late = [
            stage.bought(uuid5(SPACE, one.name), twins.clock.now().date().isoformat(), chance.choice((1, 700, 60_000)))
            for one in chance.sample(shop, max(1, size // 30))
        ]
        left = [stage.rep(rep, active=chance.random() < 0.5) for rep in REPS[:1]]
        await twins.tell([*late, *left])
        if days == 2:
            await twins.recompute()
    await twins.agree()
    states = [await one.states() for one in (twins.sifted, twins.plain)]
    assert states[0] == states[1]


async def test_most_of_a_population_stays_where_it_is(stage: Stage) -> None:
    chance = Random(5)
    shop = shop_of(chance, 300)
    await stage.tell(*told(stage, chance, shop))
    async with stage.database.write(stage.workspace_id) as session:
        await ask_to_recompute(session, [], None)
    await stage.work()
    async with stage.database.worker() as session:
        workspace = Workspace(stage.workspace_id, ZONE, "TWD")
        found = await stage.evaluation.sift(session, workspace, UUID(int=0), 1000)
    assert found is not None
    assert found.looked_at == len({one.name for one in shop if one.orders})
    assert 0 < len(found.moved) < found.looked_at / 3


def test_a_stretch_is_worked_off_in_parts_that_add_up() -> None:
    moved = [UUID(int=place) for place in (3, 5, 8)]
    stretch = Sifted(10, UUID(int=11), moved)
    parts = list(stretch.parts(2))
    assert [(part.looked_at, part.last.int, [one.int for one in part.moved]) for part in parts] == [
        (2, 5, [3, 5]),
        (8, 11, [8]),
    ]
    assert list(Sifted(4, UUID(int=9), []).parts(2)) == [Sifted(4, UUID(int=9), [])]
