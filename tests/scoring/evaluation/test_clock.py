"""What time does by itself: midnights, freezes, ageing, and looks at others before anything is recorded."""

from datetime import date, timedelta
from uuid import UUID

from services.kit.ids import new_id
from services.scoring.evaluation.clock import Sweeper
from tests.scoring.example import AS_OF
from tests.scoring.stage import Stage


async def tier_of(stage: Stage, customer: UUID) -> str | None:
    """Return somebody's tier."""
    return (await stage.scores())[customer]["value_tier"][0]


async def taken(stage: Stage, family: str) -> list[str]:
    """Return the local days on which cut-offs of persons were recorded."""
    rows = await stage.rows(
        "SELECT computed_at + interval '8 hours' AS at FROM cutoffs"
        " WHERE population = 'person' AND family = $1 ORDER BY computed_at",
        family,
    )
    return [row["at"].date().isoformat() for row in rows]


class TestMidnight:
    async def test_it_is_asked_for_once_per_workspace(self, stage: Stage) -> None:
        assert await stage.evaluation_clock.ask_for_midnights() == 0
        stage.clock.advance(timedelta(hours=12))
        assert await stage.evaluation_clock.ask_for_midnights() == 1
        assert await stage.evaluation_clock.ask_for_midnights() == 0
        stage.clock.advance(timedelta(days=3))
        assert await stage.evaluation_clock.ask_for_midnights() == 1

    async def test_cutoffs_are_dated_at_the_midnight_of_the_workspace(self, stage: Stage) -> None:
        await stage.tell(stage.bought(new_id(), "2026-11-20", 3000))
        assert await stage.next_midnight() == ["scores.daily"]
        rows = await stage.rows("SELECT DISTINCT computed_at FROM cutoffs")
        assert [row["computed_at"].isoformat() for row in rows] == ["2026-11-22T16:00:00+00:00"]

    async def test_a_workspace_without_customers_records_nothing(self, stage: Stage) -> None:
        await stage.next_midnight()
        assert await stage.rows("SELECT 1 FROM cutoffs") == []

    async def test_a_daily_evaluation_that_runs_twice_records_once(self, stage: Stage) -> None:
        await stage.tell(stage.bought(new_id(), "2026-11-20", 3000))
        await stage.next_midnight()
        async with stage.database.worker() as session:
            await session.execute("UPDATE jobs SET status = 'queued', state = '{}', finished_at = NULL")
        await stage.work()
        assert await taken(stage, "tiers") == ["2026-11-23"]

    async def test_time_makes_customers_lapse_and_their_revenue_leave_the_year(self, stage: Stage) -> None:
        buyer = new_id()
        await stage.tell(stage.bought(buyer, "2026-11-01", 500), stage.bought(buyer, "2026-11-20", 500))
        assert (await stage.scores())[buyer]["customer_class"][0] == "steady"
        stage.clock.set(AS_OF + timedelta(days=200))
        await stage.next_midnight()
        scores = (await stage.scores())[buyer]
        assert (scores["customer_class"][0], scores["churn_risk"][0]) == ("lapsed", "likely_lost")
        event = (await stage.published(buyer))[-1]
        assert (event["effects"], event["scores"]["customer_class"]["previous_value"]) == ("all", "steady")
        stage.clock.set(AS_OF + timedelta(days=364))
        await stage.next_midnight()
        assert (await stage.published(buyer))[-1]["net_revenue_minor"] == 0

    async def test_points_that_only_drift_are_told_but_are_no_history(self, stage: Stage) -> None:
        buyer = new_id()
        await stage.tell(stage.bought(buyer, "2026-11-01", 500), stage.bought(buyer, "2026-11-20", 500))
        await stage.next_midnight()
        kept = await stage.rows("SELECT kind FROM score_history")
        told = len(await stage.published())
        for _ in range(5):
            await stage.next_midnight()
        assert len(await stage.published()) > told
        assert await stage.rows("SELECT kind FROM score_history") == kept


class TestFreeze:
    async def test_a_small_base_moves_its_lines_daily(self, stage: Stage) -> None:
        await stage.tell(stage.bought(new_id(), "2026-11-20", 3000))
        for _ in range(3):
            await stage.next_midnight()
        assert await taken(stage, "tiers") == ["2026-11-23", "2026-11-24", "2026-11-25"]

    async def test_a_large_base_keeps_them_for_the_quarter(self, stage: Stage) -> None:
        await stage.tell(*(stage.bought(new_id(), "2026-11-20", 1000 + number) for number in range(200)))
        for _ in range(3):
            await stage.next_midnight()
        assert await taken(stage, "tiers") == ["2026-11-23"]
        assert await taken(stage, "daily") == ["2026-11-23", "2026-11-24", "2026-11-25"]
        stage.clock.set(AS_OF + timedelta(days=(date(2027, 1, 2) - date(2026, 11, 22)).days))
        await stage.next_midnight()
        assert await taken(stage, "tiers") == ["2026-11-23", "2027-01-03"]


class TestHolding:
    async def test_a_tier_is_held_while_others_pass_by_and_lost_step_by_step(self, stage: Stage) -> None:
        first = new_id()
        others = [stage.bought(new_id(), "2026-11-20", 900 + number) for number in range(4)]
        await stage.tell(stage.bought(first, "2026-11-20", 1000), *others)
        await stage.next_midnight()
        assert await tier_of(stage, first) == "diamond"
        crowd = [new_id() for _ in range(40)]
        await stage.tell(*(stage.bought(one, "2026-11-23", 5000 + place) for place, one in enumerate(crowd)))
        stage.clock.advance(timedelta(days=1))
        await stage.next_midnight()
        row = (
            await stage.rows(
                "SELECT value, points, body FROM scores WHERE customer_id = $1 AND kind = 'value_tier'", first
            )
        )[0]
        assert (row["value"], row["points"], row["body"]["detail"]["entry"]) == ("diamond", 8000, "bronze")
        assert "held" in {reason[0] for reason in row["body"]["reasons"]}
        seen = []
        for _ in range(32):
            stage.clock.advance(timedelta(days=6))
            await stage.next_midnight()
            seen.append(await tier_of(stage, first))
        assert list(dict.fromkeys(seen)) == ["diamond", "gold", "silver"]
        assert seen.index("gold") in {12, 13}

    async def test_a_test_order_before_midnight_makes_nobody_of_an_import_a_diamond(self, stage: Stage) -> None:
        await stage.tell(stage.bought(new_id(), "2026-11-20", 1))
        await stage.next_midnight()
        crowd = [new_id() for _ in range(40)]
        await stage.tell(*(stage.bought(one, "2026-11-19", 100 + place) for place, one in enumerate(crowd)))
        assert {await tier_of(stage, one) for one in (crowd[0], crowd[-1])} == {"diamond"}
        await stage.next_midnight()
        tiers = [(await stage.scores())[one]["value_tier"][0] for one in crowd]
        assert [tiers.count(label) for label in ("diamond", "gold", "silver", "bronze")] == [1, 4, 8, 27]

    async def test_a_tier_that_rested_on_a_refunded_order_is_gone_at_once(self, stage: Stage) -> None:
        buyer, order = new_id(), new_id()
        await stage.tell(
            stage.bought(buyer, "2026-11-01", 100),
            stage.bought(buyer, "2026-11-20", 9000, order_id=order),
            *(stage.bought(new_id(), "2026-11-10", 1000 + number) for number in range(40)),
        )
        await stage.next_midnight()
        assert await tier_of(stage, buyer) == "diamond"
        given_back = {"refund_id": "1", "processed_at": stage.now.isoformat(), "amount_minor": 900_000}
        await stage.tell(
            stage.bought(buyer, "2026-11-20", 9000, order_id=order, status="refunded", refunds=[given_back])
        )
        assert await tier_of(stage, buyer) == "bronze"


class TestSweep:
    async def test_the_first_customer_does_not_stay_on_top_whoever_comes_after(self, stage: Stage) -> None:
        first = new_id()
        await stage.tell(stage.bought(first, "2026-11-20", 1000))
        assert await tier_of(stage, first) == "diamond"
        await stage.tell(*(stage.bought(new_id(), "2026-11-20", 5000 + number) for number in range(40)))
        assert await tier_of(stage, first) == "diamond"
        await stage.sweep()
        assert await tier_of(stage, first) == "bronze"
        causes = await stage.rows("SELECT DISTINCT cause FROM score_history WHERE customer_id = $1", first)
        assert {row["cause"] for row in causes} == {"fact", "sweep"}

    async def test_it_rests_between_two_looks(self, stage: Stage) -> None:
        sweeper = Sweeper(stage.database, stage.clock, 3)
        await stage.tell(stage.bought(new_id(), "2026-11-20", 1000))
        assert await sweeper.sweep()
        await stage.tell(stage.bought(new_id(), "2026-11-20", 1000))
        assert not await sweeper.sweep()
        stage.clock.advance(timedelta(seconds=30))
        assert await sweeper.sweep()
        assert not await sweeper.sweep()

    async def test_once_cutoffs_are_recorded_nobody_is_swept(self, stage: Stage) -> None:
        await stage.tell(stage.bought(new_id(), "2026-11-20", 1000))
        await stage.sweep()
        await stage.next_midnight()
        await stage.tell(stage.bought(new_id(), "2026-11-20", 1000))
        assert await stage.rows("SELECT 1 FROM schedules WHERE stirred_at IS NOT NULL") == []
