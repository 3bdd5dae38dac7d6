"""Facts move scores: one batch after the other, and in the end as the pure rules say."""

from typing import Any

import pytest

from services.scoring.evaluation.rules import KINDS
from services.scoring.ledger.service import body_of
from tests.scoring.example import AS_OF, CUSTOMERS, RATES, ZONE, Customer, id_of
from tests.scoring.reference import evaluate_all
from tests.scoring.stage import Stage

# Answers to surveys are no fact of this service yet.
WITHOUT_SURVEYS = [Customer(one.name, one.orders, one.kind, one.designated_at, None, one.buyer) for one in CUSTOMERS]


def expected() -> dict[Any, dict[str, tuple[str | None, int | None]]]:
    """Return value and points of everybody by the pure rules."""
    results = evaluate_all(WITHOUT_SURVEYS, AS_OF, ZONE, RATES)
    return {
        id_of(name): {
            kind: (score.value, score.points) for kind, score in evaluation.scores.items() if score.points is not None
        }
        for name, (evaluation, _, _) in results.items()
    }


async def tell_example(stage: Stage, size: int) -> None:
    """Tell the worked example in batches of a size."""
    await stage.tell(stage.rate("USD", "2026-03-01", "32.00"), stage.rate("USD", "2026-06-01", "30.50"))
    events = stage.events_of(WITHOUT_SURVEYS)
    for place in range(0, len(events), size):
        await stage.tell(*events[place : place + size])


@pytest.mark.parametrize("size", [1000, 7])
async def test_the_worked_example_through_the_feed(stage: Stage, size: int) -> None:
    await tell_example(stage, size)
    await stage.sweep()
    assert await stage.scores() == expected()


async def test_reasons_and_figures_are_those_of_the_rules(stage: Stage) -> None:
    await tell_example(stage, 1000)
    stored = {
        (row["customer_id"], row["kind"]): row["body"]
        for row in await stage.rows("SELECT customer_id, kind, body FROM scores")
    }
    for name, (evaluation, _, _) in evaluate_all(WITHOUT_SURVEYS, AS_OF, ZONE, RATES).items():
        for kind in KINDS:
            score = evaluation.scores[kind]
            if score.points is not None:
                assert stored[id_of(name), kind] == body_of(score, "TWD")
