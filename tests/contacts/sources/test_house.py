"""Deliveries are forgotten in time, and only then."""

from datetime import UTC, datetime, timedelta

import pytest

from services.contacts.sources.house import DeliveryHouse
from services.kit.clock import FixedClock
from tests.contacts.sources.conftest import Stall
from tests.samples.deliveries import changed, sample

pytestmark = pytest.mark.committed
PAID = "shopify/orders-create-paid"


async def tidied(stall: Stall, clock: FixedClock, days: int) -> list[str]:
    """Let days pass, tidy two at a time, and return what is left."""
    clock.set(datetime.now(UTC) + timedelta(days=days))  # the ids of deliveries are made by the machine's clock
    await DeliveryHouse(stall.kit.database, stall.applier.rows, clock, kept_days=30, at_once=2).tidy()
    return [str(row["outcome"]) for row in await stall.rows("deliveries")]


async def test_what_was_worked_out_goes_after_its_days_and_the_order_stays(stall: Stall, clock: FixedClock) -> None:
    source = await stall.source()
    for number in range(1, 4):
        await stall.call(source, "orders/create", changed(PAID, id=number))
    await stall.call(source, "orders/create", b"{not json")
    await stall.call(source, "products/update", b"{}")
    await stall.applier.apply_waiting()
    assert len(await tidied(stall, clock, days=29)) == 5
    assert await tidied(stall, clock, days=31) == []
    assert len(await stall.rows("orders")) == 3


async def test_what_waits_and_what_is_owed_stays(stall: Stall, clock: FixedClock) -> None:
    source = await stall.source()
    await stall.call(source, "customers/redact", sample("shopify/customers-redact"))
    await stall.applier.apply_waiting()
    await stall.call(source, "orders/create", sample(PAID))
    assert await tidied(stall, clock, days=400) == ["privacy_request_kept", "None"]
