"""Keeping and telling scores."""

from services.contracts.envelope import Effects
from services.contracts.scoring import CustomerScored
from services.kit.ids import new_id
from services.scoring.ledger.service import ScoreSnapshot
from tests.scoring.chance import random_shop
from tests.scoring.stage import Stage


async def snapshot(stage: Stage, limit: int) -> list[CustomerScored]:
    """Return all events of a snapshot, read in pages."""
    events: list[CustomerScored] = []
    after: str | None = None
    async with stage.database.worker() as session:
        while True:
            page = await ScoreSnapshot().page(session, after, limit)
            events += [CustomerScored.model_validate_json(event.model_dump_json()) for _, event in page.events]
            after = page.next
            if after is None:
                return events


class TestSnapshot:
    async def test_it_tells_of_everybody_what_the_last_event_told(self, stage: Stage) -> None:
        await stage.tell(*stage.events_of(random_shop(31, persons=10, accounts=3)))
        await stage.sweep()
        told = {event["customer_id"]: event for event in await stage.published()}
        found = await snapshot(stage, 4)
        assert len(found) == len({event.customer_id for event in found}) == 13
        for event in found:
            last = told.get(str(event.customer_id))
            if last is None:
                assert event.orders_count == 0
                continue
            same = event.model_dump(mode="json")
            assert {name: same[name] for name in same if name not in {"as_of", "effects", "overdue_ratio"}} == {
                name: last[name] for name in last if name not in {"as_of", "effects", "overdue_ratio"}
            }

    async def test_it_starts_no_care(self, stage: Stage) -> None:
        await stage.tell(stage.bought(new_id(), "2026-11-20", 3000))
        assert [event.effects for event in await snapshot(stage, 10)] == [Effects.SCORES]


class TestHistory:
    async def test_a_value_that_comes_back_remembers_since_when_and_what_before(self, stage: Stage) -> None:
        buyer = new_id()
        await stage.tell(stage.bought(buyer, "2026-11-20", 3000))
        await stage.tell(stage.customer(buyer, internal=True))
        await stage.tell(stage.customer(buyer, internal=False))
        rows = await stage.rows(
            "SELECT value, previous_value FROM score_history"
            " WHERE customer_id = $1 AND kind = 'value_tier' ORDER BY id",
            buyer,
        )
        assert [(row["value"], row["previous_value"]) for row in rows] == [
            ("diamond", None),
            (None, "diamond"),
            ("diamond", None),
        ]

    async def test_versions_of_a_customer_grow_by_one(self, stage: Stage) -> None:
        buyer = new_id()
        for day in ("2026-11-01", "2026-11-05", "2026-11-20"):
            await stage.tell(stage.bought(buyer, day, 3000))
        assert [event["version"] for event in await stage.published(buyer)] == [1, 2, 3]
