"""What facts do to scores: each story as contacts and the gateway tell it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.contracts.envelope import Effects
from services.kit.ids import new_id
from tests.scoring.example import AS_OF, instant
from tests.scoring.stage import Stage

TIER = "value_tier"


@pytest.fixture
async def others(stage: Stage) -> None:
    """Six persons with small orders, so that there is somebody to be ranked among and an average order."""
    for number in range(6):
        await stage.tell(stage.bought(new_id(), f"2026-0{number + 1}-10", 1000))
    await stage.sweep()


async def tier_of(stage: Stage, customer: UUID) -> tuple[str | None, int | None]:
    """Return the value and points of somebody's tier."""
    return (await stage.scores()).get(customer, {}).get(TIER, (None, None))


async def body_of(stage: Stage, customer: UUID, kind: str) -> dict[str, Any]:
    """Return the stored body of a score."""
    rows = await stage.rows("SELECT body FROM scores WHERE customer_id = $1 AND kind = $2", customer, kind)
    body: dict[str, Any] = rows[0]["body"]
    return body


@pytest.mark.usefixtures("others")
class TestOrders:
    async def test_an_order_scores_its_buyer_at_once_and_tells_it(self, stage: Stage) -> None:
        buyer, order = new_id(), new_id()
        await stage.tell(stage.customer(buyer), stage.bought(buyer, "2026-11-20", 3000, order_id=order))
        assert await tier_of(stage, buyer) == ("diamond", 9000)
        event = (await stage.published(buyer))[-1]
        assert (event["net_revenue_minor"], event["orders_count"], event["purchase_days"]) == (300_000, 1, 1)
        assert event["last_order"] == {
            "order_id": str(order),
            "placed_at": "2026-11-20T04:00:00Z",
            "effects": "all",
        }
        tier = event["scores"][TIER]
        assert (tier["value"], tier["points"], tier["previous_value"]) == ("diamond", "90.00", None)
        assert tier["codes"][:2] == ["top_decile_revenue", "top_1_revenue"]
        assert event["version"] == 1

    async def test_an_older_version_never_overwrites(self, stage: Stage) -> None:
        buyer, order = new_id(), new_id()
        late = stage.bought(buyer, "2026-11-20", 3000, order_id=order)
        await stage.tell(stage.bought(buyer, "2026-11-20", 5000, order_id=order))
        before = await stage.everything()
        await stage.tell(late)
        assert await stage.everything() == before

    async def test_the_same_event_twice_tells_nothing_new(self, stage: Stage) -> None:
        buyer = new_id()
        event = stage.bought(buyer, "2026-11-20", 3000)
        await stage.tell(event)
        told = len(await stage.published())
        await stage.tell(event)
        assert len(await stage.published()) == told

    async def test_a_full_refund_gives_exactly_nothing(self, stage: Stage) -> None:
        buyer, order = new_id(), new_id()
        await stage.tell(stage.bought(buyer, "2026-11-01", 500))
        await stage.sweep()
        before = await stage.everything()
        await stage.tell(stage.bought(buyer, "2026-11-20", 3000, order_id=order))
        given_back = {"refund_id": "1", "processed_at": "2026-11-21T04:00:00Z", "amount_minor": 300_000}
        await stage.tell(
            stage.bought(buyer, "2026-11-20", 3000, order_id=order, status="refunded", refunds=[given_back])
        )
        await stage.sweep()
        assert await stage.everything() == before

    async def test_a_refund_beyond_the_order_counts_as_nothing_and_is_shown(self, stage: Stage) -> None:
        buyer, order = new_id(), new_id()
        given_back = {"refund_id": "1", "processed_at": "2026-11-21T04:00:00Z", "amount_minor": 300_001}
        await stage.tell(
            stage.bought(buyer, "2026-11-01", 500),
            stage.bought(buyer, "2026-11-20", 3000, order_id=order, refunds=[given_back]),
        )
        assert (await body_of(stage, buyer, TIER))["detail"]["data_warnings"] == [f"over_refund {order}"]

    async def test_an_order_that_moves_to_another_customer_scores_both(self, stage: Stage) -> None:
        first, second, order = new_id(), new_id(), new_id()
        await stage.tell(stage.bought(first, "2026-11-20", 3000, order_id=order))
        await stage.tell(stage.customer(first, merged_into=second))
        await stage.tell(stage.bought(second, "2026-11-20", 3000, order_id=order))
        assert await tier_of(stage, first) == (None, None)
        assert await tier_of(stage, second) == ("diamond", 9000)
        assert (await stage.published(first))[-1]["orders_count"] == 0

    async def test_a_cancelled_order_counts_until_its_cancellation_and_never_now(self, stage: Stage) -> None:
        buyer, order = new_id(), new_id()
        await stage.tell(stage.bought(buyer, "2026-11-01", 3000, order_id=order, status="fulfilled"))
        await stage.tell(
            stage.bought(
                buyer, "2026-11-01", 3000, order_id=order, status="cancelled", cancelled_at="2026-11-10T04:00:00Z"
            )
        )
        assert await tier_of(stage, buyer) == (None, None)
        rows = await stage.rows("SELECT status_before, counts FROM orders WHERE order_id = $1", order)
        assert rows == [{"status_before": "fulfilled", "counts": False}]

    async def test_an_order_of_nobody_scores_nobody(self, stage: Stage) -> None:
        before = await stage.scores()
        await stage.tell(stage.bought(None, "2026-11-20", 3000))
        assert await stage.scores() == before

    async def test_an_order_from_the_future_waits_until_its_time(self, stage: Stage) -> None:
        buyer = new_id()
        await stage.tell(stage.bought(buyer, "2026-11-23", 3000, effects="scores"))
        assert await tier_of(stage, buyer) == (None, None)
        assert await stage.evaluation_clock.wake() == 0
        stage.clock.set(AS_OF + timedelta(days=2))
        assert await stage.evaluation_clock.wake() == 1
        assert await tier_of(stage, buyer) == ("diamond", 9000)
        assert (await stage.published(buyer))[-1]["effects"] == "scores"
        assert await stage.evaluation_clock.wake() == 0


class TestEffects:
    async def test_facts_that_move_scores_only_say_so(self, stage: Stage) -> None:
        buyer = new_id()
        await stage.tell(stage.bought(buyer, "2026-11-20", 3000, effects="scores"))
        event = (await stage.published(buyer))[-1]
        assert (event["effects"], event["last_order"]["effects"]) == ("scores", "scores")

    async def test_the_furthest_reaching_fact_of_a_batch_decides(self, stage: Stage) -> None:
        buyer = new_id()
        await stage.tell(
            stage.bought(buyer, "2026-11-20", 3000, effects="none"), stage.bought(buyer, "2026-11-19", 3000)
        )
        event = (await stage.published(buyer))[-1]
        assert (event["effects"], event["last_order"]["effects"]) == ("all", "none")

    async def test_others_whose_rank_moved_start_nothing(self, stage: Stage) -> None:
        first = new_id()
        await stage.tell(stage.bought(first, "2026-11-20", 3000))
        await stage.tell(stage.bought(new_id(), "2026-11-20", 9000))
        await stage.sweep()
        event = (await stage.published(first))[-1]
        assert event["effects"] == Effects.SCORES
        assert event["scores"][TIER]["previous_value"] == "diamond"


@pytest.mark.usefixtures("others")
class TestCredit:
    async def test_it_goes_to_the_account_and_the_buyer_is_scored_as_it(self, stage: Stage) -> None:
        account, buyer = new_id(), new_id()
        await stage.tell(
            stage.customer(account, "account"),
            stage.customer(buyer),
            stage.bought(account, "2026-11-20", 9000, customer_type="account", buyer_id=buyer, account_id=account),
        )
        assert await tier_of(stage, account) == ("diamond", 9000)
        assert await tier_of(stage, buyer) == (None, None)

    async def test_a_private_order_scores_the_buyer_on_it_alone(self, stage: Stage) -> None:
        account, buyer = new_id(), new_id()
        await stage.tell(
            stage.bought(account, "2026-11-20", 900_000, customer_type="account", buyer_id=buyer, account_id=account),
            stage.bought(buyer, "2026-11-20", 100),
        )
        detail = (await body_of(stage, buyer, TIER))["detail"]
        assert detail["net_revenue_minor"] == 10_000


class TestCustomers:
    async def test_who_asked_for_a_rep_is_gold(self, stage: Stage) -> None:
        for number in range(20):
            await stage.tell(stage.bought(new_id(), "2026-10-10", 2000 + number))
        buyer = new_id()
        await stage.tell(stage.bought(buyer, "2026-10-01", 100))
        await stage.sweep()
        assert (await tier_of(stage, buyer))[0] == "bronze"
        await stage.tell(stage.customer(buyer, owner_rep_id=new_id()))
        assert (await tier_of(stage, buyer))[0] == "bronze"
        await stage.tell(stage.customer(buyer, designated_rep_id=new_id(), designated_at=AS_OF - timedelta(days=1)))
        assert (await tier_of(stage, buyer))[0] == "gold"

    async def test_somebody_without_orders_gets_no_row_at_all(self, stage: Stage) -> None:
        await stage.tell(stage.customer(new_id()))
        assert await stage.everything() == {"scores": [], "standings": []}
        assert await stage.published() == []

    async def test_who_is_internal_is_scored_no_more(self, stage: Stage) -> None:
        buyer = new_id()
        await stage.tell(stage.bought(buyer, "2026-11-20", 3000))
        await stage.tell(stage.customer(buyer, internal=True))
        assert await tier_of(stage, buyer) == (None, None)
        tier = (await stage.published(buyer))[-1]["scores"][TIER]
        assert (tier["value"], tier["previous_value"]) == (None, "diamond")

    async def test_customers_of_a_rep_who_left_are_looked_at(self, stage: Stage) -> None:
        buyer, rep = new_id(), new_id()
        await stage.tell(stage.rep(rep, active=True), stage.customer(buyer, owner_rep_id=rep))
        await stage.tell(stage.bought(buyer, "2026-11-20", 3000))
        assert await stage.work() == []
        await stage.tell(stage.rep(rep, active=False))
        assert await stage.work() == ["scores.rep_changed"]
        assert (await stage.scores())[buyer]["churn_risk"] == ("none", 1500)
        assert (await body_of(stage, buyer, "churn_risk"))["reasons"][0][3] == {"rep_ids": [str(rep)]}
        await stage.tell(stage.customer(buyer, owner_rep_id=new_id()))
        assert (await stage.scores())[buyer]["churn_risk"] == ("none", 0)


class TestContacts:
    async def test_asking_again_soon_after_the_first_purchase_makes_a_future_customer(self, stage: Stage) -> None:
        buyer = new_id()
        await stage.tell(stage.bought(buyer, "2026-11-01", 500))
        assert (await stage.scores())[buyer]["customer_class"] == ("one_time", 2000)
        asked = stage.interaction(buyer, "2026-11-10")
        await stage.tell(asked)
        assert (await stage.scores())[buyer]["customer_class"] == ("future", 4000)
        reason = (await body_of(stage, buyer, "customer_class"))["reasons"][0]
        assert (reason[0], reason[3]) == ("early_repeat", {"interaction_id": str(asked.interaction_id)})
        await stage.tell(stage.interaction(buyer, "2026-11-10", interaction_id=asked.interaction_id, deleted=True))
        assert (await stage.scores())[buyer]["customer_class"] == ("one_time", 2000)

    async def test_an_order_that_waits_for_its_payment_is_such_a_sign_too(self, stage: Stage) -> None:
        buyer = new_id()
        await stage.tell(
            stage.bought(buyer, "2026-11-01", 500), stage.bought(buyer, "2026-11-12", 70, status="pending")
        )
        assert (await stage.scores())[buyer]["customer_class"] == ("future", 4000)

    async def test_an_account_without_news_for_half_a_year_is_told_by_its_peoples_contacts(self, stage: Stage) -> None:
        account, buyer = new_id(), new_id()
        credit = {"customer_type": "account", "buyer_id": buyer, "account_id": account}
        await stage.tell(stage.customer(account, "account"), stage.customer(buyer))
        await stage.tell(stage.bought(account, "2026-11-20", 9000, **credit))
        assert (await stage.scores())[account]["churn_risk"] == ("none", 0)
        await stage.tell(stage.interaction(buyer, "2026-04-01"))
        assert (await stage.scores())[account]["churn_risk"] == ("none", 500)
        await stage.tell(stage.interaction(buyer, "2026-11-01", function="information", direction="outbound"))
        assert (await stage.scores())[account]["churn_risk"] == ("none", 0)


class TestRates:
    async def test_without_a_rate_the_order_is_left_out_and_named_until_the_rate_comes(self, stage: Stage) -> None:
        buyer = new_id()
        await stage.tell(stage.bought(buyer, "2026-11-01", 500), stage.bought(buyer, "2026-11-20", 100, currency="USD"))
        for kind in (TIER, "customer_class", "rfm", "churn_risk"):
            stored = await stage.rows("SELECT body FROM scores WHERE kind = $1", kind)
            assert all("rate USD 2026-11-20" in row["body"]["missing"] for row in stored)
        assert (await body_of(stage, buyer, TIER))["detail"]["net_revenue_minor"] == 50_000
        await stage.tell(stage.rate("USD", "2026-01-01", "30.50"))
        assert await stage.work() == ["scores.revalue"]
        body = await body_of(stage, buyer, TIER)
        assert (body["missing"], body["detail"]["net_revenue_minor"]) == ([], 50_000 + 305_000)

    async def test_a_rate_of_one_currency_leaves_others_alone(self, stage: Stage) -> None:
        buyer = new_id()
        await stage.tell(stage.bought(buyer, "2026-11-01", 500))
        told = len(await stage.published())
        await stage.tell(stage.rate("USD", "2026-01-01", "30.50"))
        await stage.work()
        assert len(await stage.published()) == told


class TestSettings:
    async def test_another_zone_moves_orders_to_other_days(self, stage: Stage) -> None:
        buyer = new_id()
        late = "2026-11-10T23:30:00+08:00"
        early = "2026-11-11T00:30:00+08:00"
        await stage.tell(*(stage.bought(buyer, "2026-11-10", 10, placed_at=instant(at)) for at in (late, early)))
        assert (await stage.published(buyer))[-1]["purchase_days"] == 2
        await stage.settings(time_zone="UTC")
        assert await stage.work() == ["scores.revalue"]
        assert (await stage.published(buyer))[-1]["purchase_days"] == 1

    async def test_another_currency_needs_rates(self, stage: Stage) -> None:
        buyer = new_id()
        await stage.tell(stage.bought(buyer, "2026-11-10", 10), stage.bought(None, "2026-11-10", 10))
        await stage.settings(currency="EUR")
        await stage.work()
        assert (await stage.published(buyer))[-1]["currency"] == "EUR"
        rows = await stage.rows("SELECT DISTINCT missing_rate FROM orders")
        assert rows == [{"missing_rate": "rate TWD 2026-11-10"}]

    async def test_orders_that_come_before_the_settings_are_scored_when_those_come(self, stage: Stage) -> None:
        early = Stage(stage.database, stage.clock, new_id())
        buyer = new_id()
        await early.tell(early.customer(buyer), early.bought(buyer, "2026-11-20", 3000))
        assert await early.published(buyer) == []
        await early.settings()
        await early.work()
        assert await tier_of(early, buyer) == ("diamond", 9000)


class TestRebuild:
    async def test_what_the_snapshot_does_not_show_again_is_gone(self, stage: Stage) -> None:
        stays, goes = new_id(), new_id()
        kept = [stage.customer(stays), stage.bought(stays, "2026-11-20", 3000)]
        await stage.tell(*kept, stage.customer(goes), stage.bought(goes, "2026-11-20", 9000))
        async with stage.database.worker() as session:
            await stage.contacts.begin_rebuild(session)
            await stage.gateway.begin_rebuild(session)
        await stage.tell(*kept)
        async with stage.database.worker() as session:
            await stage.contacts.end_rebuild(session)
        # Until the rules have looked, nobody is passed over because of numbers from before.
        assert await stage.rows("SELECT 1 FROM standings WHERE outcome IS NOT NULL") == []
        await stage.work()
        assert len(await stage.rows("SELECT 1 FROM standings WHERE outcome IS NOT NULL")) == 1
        assert await tier_of(stage, stays) == ("diamond", 9000)
        assert await tier_of(stage, goes) == (None, None)


class TestFutureFacts:
    async def test_a_contact_from_the_future_waits_too(self, stage: Stage) -> None:
        buyer = new_id()
        await stage.tell(stage.bought(buyer, "2026-11-10", 500), stage.interaction(buyer, "2026-11-24"))
        assert (await stage.scores())[buyer]["customer_class"] == ("one_time", 2000)
        stage.clock.set(AS_OF + timedelta(days=3))
        assert await stage.evaluation_clock.wake() == 1
        assert (await stage.scores())[buyer]["customer_class"] == ("future", 4000)

    async def test_so_does_a_wish_for_a_rep(self, stage: Stage) -> None:
        buyer = new_id()
        crowd = (stage.bought(new_id(), "2026-11-10", 5000 + number) for number in range(20))
        await stage.tell(*crowd, stage.bought(buyer, "2026-11-10", 5))
        await stage.sweep()
        await stage.tell(stage.customer(buyer, designated_at=AS_OF + timedelta(days=1)))
        assert await tier_of(stage, buyer) == ("bronze", 0)
        stage.clock.set(AS_OF + timedelta(days=2))
        assert await stage.evaluation_clock.wake() == 1
        assert (await tier_of(stage, buyer))[0] == "gold"
