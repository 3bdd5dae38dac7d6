"""Facts move scores: one batch after the other, and in the end as the pure rules say."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.scoring.facts.rules import Rates, rates_of
from services.scoring.ledger.service import body_of
from tests.scoring.chance import random_shop
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


async def stored_bodies(stage: Stage) -> dict[tuple[UUID, str], dict[str, Any]]:
    """Return the bodies of all published scores."""
    rows = await stage.rows("SELECT customer_id, kind, value, points, body FROM scores")
    return {
        (row["customer_id"], row["kind"]): {"value": row["value"], "points": row["points"], **row["body"]}
        for row in rows
    }


def bodies(shop: Sequence[Customer], rates: Rates) -> dict[tuple[UUID, str], dict[str, Any]]:
    """Return the bodies of all known scores by the pure rules."""
    return {
        (id_of(name), kind): {"value": score.value, "points": score.points, **body_of(score, "TWD")}
        for name, (evaluation, _, _) in evaluate_all(shop, AS_OF, ZONE, rates).items()
        for kind, score in evaluation.scores.items()
        if score.points is not None
    }


async def test_reasons_and_figures_are_those_of_the_rules(stage: Stage) -> None:
    await tell_example(stage, 1000)
    assert await stored_bodies(stage) == bodies(WITHOUT_SURVEYS, RATES)


@pytest.mark.parametrize("seed", [21, 22])
async def test_a_made_up_shop_is_scored_as_the_rules_do(stage: Stage, seed: int) -> None:
    shop = random_shop(seed)
    await stage.tell(stage.rate("USD", "2024-06-01", "31.25"))
    await stage.tell(*stage.events_of(shop))
    found = await stored_bodies(stage)
    wanted = bodies(shop, rates_of("TWD", [("USD", date(2024, 6, 1), Decimal("31.25"))]))
    assert any(body["missing"] for body in wanted.values())
    assert any("data_warnings" in body["detail"] for body in wanted.values())
    assert found == wanted
