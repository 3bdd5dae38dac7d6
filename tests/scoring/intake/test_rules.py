"""How events become rows of facts."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.contracts.contacts import (
    CustomerChanged,
    ExchangeRateChanged,
    InteractionChanged,
    OrderChanged,
    RefundFact,
    RepChanged,
)
from services.contracts.envelope import Effects
from services.scoring.intake.rules import (
    customer_row,
    interaction_row,
    last_living_status,
    named_in,
    order_row,
    rate_row,
    reach_of,
    rep_row,
    strongest,
)

OWNER, ONE, TWO, BUYER = (UUID(int=number) for number in range(1, 5))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
ORDER = OrderChanged(
    version=3,
    order_id=ONE,
    customer_id=BUYER,
    customer_type="account",
    status="paid",
    placed_at=NOON,
    currency="TWD",
    total_minor=5_000,
    refunds=(RefundFact(refund_id="r1", processed_at=NOON, amount_minor=500),),
    effects=Effects.SCORES,
)


@dataclass(frozen=True)
class Said:
    """An event as a feed brings it."""

    subject: UUID
    data: dict[str, Any] = field(default_factory=dict)
    type: str = OrderChanged.TYPE
    workspace_id: UUID = OWNER


@pytest.mark.parametrize(
    ("effects", "found"),
    [(["none"], "none"), (["scores", "none"], "scores"), (["none", "all", "scores"], "all")],
)
def test_of_several_effects_the_one_that_reaches_furthest_counts(effects: list[str], found: str) -> None:
    assert strongest(map(Effects, effects)) == found
    events = [Said(ONE, {"effects": effect}) for effect in effects]
    assert reach_of([*events, Said(TWO)]) == {(OWNER, ONE): found, (OWNER, TWO): "all"}


def test_the_last_status_before_the_end_is_remembered() -> None:
    events = [Said(ONE, {"status": status}) for status in ("pending", "paid", "cancelled", "deleted")]
    other = Said(TWO, {"status": "paid"}, CustomerChanged.TYPE)
    assert last_living_status([*events, other]) == {(OWNER, ONE): "paid"}


def test_orders_name_their_customers() -> None:
    nobody = ORDER.model_copy(update={"customer_id": None, "customer_type": None})
    untyped = ORDER.model_copy(update={"customer_id": TWO, "customer_type": None})
    assert named_in([(OWNER, ORDER), (OWNER, nobody), (OWNER, untyped)]) == {
        (OWNER, BUYER, "account"),
        (OWNER, TWO, "person"),
    }


def test_an_order_keeps_refunds_and_what_it_was_before_it_was_called_off() -> None:
    row = order_row(OWNER, ORDER, "fulfilled")
    assert (row["workspace_id"], row["order_id"], row["version"], row["effects"]) == (OWNER, ONE, 3, "scores")
    assert (row["status"], row["status_before"], row["seen"]) == ("paid", "fulfilled", "fulfilled")
    assert row["refunds"] == [{"processed_at": "2026-11-01T12:00:00+00:00", "amount_minor": 500}]


def test_a_customer_a_rep_a_contact_and_a_rate_become_rows_of_their_workspace() -> None:
    customer = CustomerChanged(version=2, customer_id=ONE, customer_type="person", created_at=NOON, merged_into=TWO)
    contact = InteractionChanged(
        version=1,
        interaction_id=ONE,
        customer_id=TWO,
        customer_type="person",
        function="care",
        channel="call",
        direction="outbound",
        occurred_at=NOON,
    )
    rate = ExchangeRateChanged(version=1, rate_id=ONE, currency="USD", valid_from=date(2026, 3, 1), rate="32.00")
    rows = [
        customer_row(OWNER, customer),
        rep_row(OWNER, RepChanged(version=4, rep_id=ONE, active=False)),
        interaction_row(OWNER, contact),
        rate_row(OWNER, rate),
    ]
    assert {row["workspace_id"] for row in rows} == {OWNER}
    assert [row["version"] for row in rows] == [2, 4, 1, 1]
    assert (rows[0]["merged_into"], rows[1]["active"], rows[2]["channel"]) == (TWO, False, "call")
    assert rows[3]["rate"] == Decimal("32.00")
