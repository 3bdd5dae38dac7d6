"""What the feeds of the gateway, contacts and scoring mean for care."""

from datetime import timedelta

import pytest

from services.contracts.envelope import Effects
from services.kit.ids import new_id
from tests.campaigns.stage import Stage

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class TestPurchases:
    async def test_a_first_order_opens_a_thank_you_and_a_follow_up(self, stage: Stage) -> None:
        rep = await stage.rep()
        who = await stage.customer(owner_rep_id=rep)
        order = await stage.buys(who)
        thanks, follow_up = await stage.reminders()
        assert (thanks["rule"], follow_up["rule"]) == ("first_order_thanks", "purchase_follow_up")
        assert thanks["due_at"] == stage.now + DAY
        assert follow_up["due_at"] == stage.now + 14 * DAY
        assert {thanks["status"], follow_up["status"]} == {"open"}
        assert thanks["order_id"] == follow_up["order_id"] == order
        assert thanks["rep_id"] == follow_up["rep_id"] == rep

    async def test_the_customer_shows_how_much_care_waits_and_when(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.buys(who)
        member = await stage.member(who)
        assert member["open_reminders"] == 2
        assert member["next_reminder_at"] == stage.now + DAY

    async def test_others_are_told(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.buys(who)
        told = await stage.published()
        assert {(event["rule"], event["status"]) for event in told} == {
            ("first_order_thanks", "open"),
            ("purchase_follow_up", "open"),
        }
        assert {event["customer_id"] for event in told} == {str(who)}

    async def test_the_same_event_again_changes_nothing(self, stage: Stage) -> None:
        who = await stage.customer()
        event = await stage.scored(who, last_order_at=stage.now)
        before = await stage.reminders()
        await stage.tell(stage.scoring, event)
        assert await stage.reminders() == before
        assert len(await stage.published()) == 2

    async def test_an_older_event_never_overwrites_a_newer_one(self, stage: Stage) -> None:
        who = await stage.customer()
        older = stage.scored_event(who, tier="bronze", last_order_at=stage.now)
        await stage.scored(who, tier="gold", last_order_at=stage.now)
        await stage.tell(stage.scoring, older)
        assert (await stage.member(who))["value_tier"] == "gold"

    async def test_the_last_of_several_events_in_a_batch_counts(self, stage: Stage) -> None:
        who = await stage.customer()
        first = stage.scored_event(who, tier="bronze", last_order_at=stage.now)
        second = stage.scored_event(who, tier="gold", last_order_at=stage.now, orders_count=2)
        await stage.tell(stage.scoring, first, second)
        member = await stage.member(who)
        assert (member["value_tier"], member["orders_count"]) == ("gold", 2)

    @pytest.mark.parametrize("effects", [Effects.SCORES, Effects.NONE])
    async def test_an_order_with_less_than_all_effects_opens_no_reminder(self, stage: Stage, effects: Effects) -> None:
        who = await stage.customer()
        await stage.buys(who, effects=effects, order_effects=effects, tier="diamond", churn="warn", purchase_days=3)
        assert await stage.reminders() == []
        await stage.later(timedelta(minutes=1))
        assert await stage.reminders() == []
        assert (await stage.member(who))["value_tier"] == "diamond"

    async def test_an_order_of_last_week_opens_no_reminder(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.scored(who, last_order_at=stage.now - 7 * DAY)
        assert await stage.reminders() == []

    async def test_scores_that_come_before_the_customer_wait_for_him(self, stage: Stage) -> None:
        who = new_id()
        await stage.buys(who)
        assert await stage.reminders() == []
        await stage.customer(who)
        assert len(await stage.reminders(status="open")) == 2

    @pytest.mark.parametrize("mark", ["do_not_contact", "do_not_pursue", "internal", "deleted"])
    async def test_who_may_not_be_contacted_is_not_cared_for(self, stage: Stage, mark: str) -> None:
        who = await stage.customer(None, **{mark: True})
        await stage.buys(who)
        assert await stage.reminders() == []

    async def test_customers_of_several_workspaces_in_one_batch_stay_apart(self, stage: Stage) -> None:
        who = await stage.customer()
        elsewhere = Stage(stage.database, stage.clock, new_id())
        elsewhere.versions = 100
        other = await elsewhere.customer()
        batch = stage.feed([stage.scored_event(who, last_order_at=stage.now)])
        batch += elsewhere.feed([elsewhere.scored_event(other, last_order_at=stage.now)])
        async with stage.database.worker() as session:
            await stage.scoring.apply(session, batch, None)
        assert {row["customer_id"] for row in await stage.reminders()} == {who}
        assert {row["customer_id"] for row in await elsewhere.reminders()} == {other}


class TestCancelledOrders:
    async def test_a_cancelled_first_order_withdraws_its_thank_you(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.buys(who)
        await stage.scored(who, orders_count=0, purchase_days=0)
        assert {(row["status"], row["close_reason"]) for row in await stage.reminders()} == {
            ("expired", "order_withdrawn")
        }
        assert (await stage.member(who))["open_reminders"] == 0

    async def test_the_order_event_alone_withdraws_what_rests_on_it(self, stage: Stage) -> None:
        who = await stage.customer()
        first = await stage.buys(who)
        begun = stage.now
        stage.clock.advance(HOUR)
        await stage.buys(who, first_order_at=begun, orders_count=2)
        await stage.order_called_off(who, first)
        statuses = {(row["rule"], row["order_id"] == first): row["status"] for row in await stage.reminders()}
        assert statuses["first_order_thanks", True] == "expired"
        assert statuses["purchase_follow_up", True] == "expired"

    async def test_a_new_first_order_is_thanked_for_anew(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.buys(who)
        await stage.scored(who, orders_count=0, purchase_days=0)
        stage.clock.advance(HOUR)
        await stage.buys(who)
        assert [row["status"] for row in await stage.reminders("first_order_thanks")] == ["expired", "open"]

    async def test_a_reminder_that_was_withdrawn_stands_again_when_its_cause_holds_again(self, stage: Stage) -> None:
        who = await stage.customer()
        begun, order = stage.now, await stage.buys(who)
        before = {row["cause"]: row["id"] for row in await stage.reminders()}
        stage.clock.advance(HOUR)
        later = await stage.buys(who, first_order_at=begun, orders_count=2)
        await stage.order_called_off(who, later)
        await stage.scored(who, first_order_at=begun, order_id=order, last_order_at=begun)
        standing = {row["cause"]: row["id"] for row in await stage.reminders(status="open")}
        assert standing == before
        assert all(row["close_reason"] is None for row in await stage.reminders(status="open"))

    async def test_what_was_too_late_or_done_never_stands_again(self, stage: Stage) -> None:
        who = await stage.customer()
        begun, order = stage.now, await stage.buys(who)
        async with stage.database.worker() as session:
            await session.execute(
                "UPDATE reminders SET closed_at = now(), status = CASE rule WHEN 'first_order_thanks' THEN 'done'"
                " ELSE 'expired' END, close_reason = 'too_late' WHERE workspace_id = $1",
                stage.workspace_id,
            )
        await stage.scored(who, first_order_at=begun, order_id=order, last_order_at=begun)
        assert await stage.reminders(status="open") == []

    async def test_what_was_done_already_stays_done(self, stage: Stage) -> None:
        who = await stage.customer()
        order = await stage.buys(who)
        async with stage.database.worker() as session:
            await session.execute(
                "UPDATE reminders SET status = 'done', closed_at = now() WHERE workspace_id = $1", stage.workspace_id
            )
        await stage.order_called_off(who, order)
        assert {row["status"] for row in await stage.reminders()} == {"done"}


class TestCustomers:
    async def test_names_and_wishes_are_asked_for_in_one_call(self, stage: Stage) -> None:
        ids = [new_id() for _ in range(3)]
        await stage.tell(stage.contacts, *(stage.customer_event(one, display_name=f"客{one}") for one in ids))
        assert len(stage.outside.asked) == 1
        assert {(await stage.member(one))["display_name"] for one in ids} == {f"客{one}" for one in ids}

    async def test_a_newer_name_is_not_overwritten_by_an_older_event(self, stage: Stage) -> None:
        who = new_id()
        older = stage.customer_event(who, display_name="Before")
        await stage.customer(who, display_name="After")
        await stage.tell(stage.contacts, older)
        assert (await stage.member(who))["display_name"] == "After"

    async def test_erasure_leaves_no_name(self, stage: Stage) -> None:
        who = await stage.customer(display_name="Lin", time_zone="Asia/Tokyo", preferred_channel="call")
        await stage.customer(who, erased=True)
        member = await stage.member(who)
        assert [member[name] for name in ("display_name", "time_zone", "preferred_channel")] == [None, None, None]
        assert not member["listed"]

    async def test_two_who_turn_out_to_be_one_are_thanked_once(self, stage: Stage) -> None:
        kept, gone = sorted([new_id(), new_id()])
        for who in (kept, gone):
            await stage.customer(who)
        begun, order = stage.now, await stage.buys(gone)
        await stage.customer(gone, merged_into=kept)
        await stage.scored(kept, first_order_at=begun, order_id=order, last_order_at=begun)
        assert [(row["rule"], row["customer_id"]) for row in await stage.reminders(status="open")] == [
            ("first_order_thanks", kept),
            ("purchase_follow_up", kept),
        ]
        assert all(str(gone) not in row["cause"] for row in await stage.reminders())

    async def test_tags_follow(self, stage: Stage) -> None:
        who = await stage.customer(tags=["vip", "茶"])
        await stage.customer(who, tags=["茶", "new"])
        assert {row["tag"] for row in await stage.rows("audience_tags")} == {"茶", "new"}

    async def test_a_customer_who_wants_no_contact_any_more_loses_what_waits(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.buys(who)
        await stage.customer(who, do_not_contact=True)
        assert {(row["status"], row["close_reason"]) for row in await stage.reminders()} == {
            ("expired", "not_contactable")
        }

    async def test_what_waits_follows_the_customers_rep(self, stage: Stage) -> None:
        before, after = await stage.rep(), await stage.rep()
        who = await stage.customer(owner_rep_id=before)
        await stage.buys(who)
        await stage.customer(who, owner_rep_id=after)
        assert {row["rep_id"] for row in await stage.reminders()} == {after}

    async def test_the_rep_whom_the_customer_asked_for_comes_first(self, stage: Stage) -> None:
        owner, asked = await stage.rep(), await stage.rep()
        who = await stage.customer(owner_rep_id=owner, designated_rep_id=asked)
        await stage.buys(who)
        assert {row["rep_id"] for row in await stage.reminders()} == {asked}

    async def test_nothing_is_given_to_a_rep_who_has_left(self, stage: Stage) -> None:
        gone = await stage.rep(active=False)
        who = await stage.customer(owner_rep_id=gone)
        await stage.buys(who)
        assert {row["rep_id"] for row in await stage.reminders()} == {None}

    async def test_what_waits_with_a_rep_who_leaves_goes_to_the_next_in_line(self, stage: Stage) -> None:
        owner, asked = await stage.rep(), await stage.rep()
        who = await stage.customer(owner_rep_id=owner, designated_rep_id=asked)
        await stage.buys(who)
        await stage.rep(rep_id=asked, active=False)
        await stage.later(timedelta(minutes=1))
        assert {row["rep_id"] for row in await stage.reminders()} == {owner}

    async def test_reminders_move_with_a_merge(self, stage: Stage) -> None:
        survivor, gone = await stage.customer(), await stage.customer()
        await stage.buys(gone)
        await stage.customer(gone, merged_into=survivor)
        assert {row["customer_id"] for row in await stage.reminders()} == {survivor}
        assert (await stage.member(gone))["open_reminders"] == 0

    async def test_a_merge_leaves_one_rhythm(self, stage: Stage) -> None:
        pair = [await stage.customer(), await stage.customer()]
        for who in pair:
            await stage.scored(who, tier="diamond")
        await stage.later(14 * DAY)
        await stage.customer(pair[1], merged_into=pair[0])
        await stage.customer(pair[0], created_at=stage.now - 14 * DAY)
        rows = await stage.reminders("tier_rhythm")
        assert sorted(row["status"] for row in rows) == ["merged", "open"]
        [merged] = [row for row in rows if row["status"] == "merged"]
        [standing] = [row for row in rows if row["status"] == "open"]
        assert merged["merged_into"] == standing["id"]


class TestContacts:
    async def test_the_last_contact_is_kept_and_survives_corrections(self, stage: Stage) -> None:
        who = await stage.customer()
        older = await stage.interaction(who, occurred_at=stage.now - 9 * DAY)
        newer = await stage.interaction(who, occurred_at=stage.now - 2 * DAY)
        assert (await stage.member(who))["last_contact_at"] == newer.occurred_at
        await stage.interaction(who, interaction_id=newer.interaction_id, deleted=True)
        assert (await stage.member(who))["last_contact_at"] == older.occurred_at

    async def test_an_interaction_that_moves_to_another_customer_moves_the_contact(self, stage: Stage) -> None:
        before, after = await stage.customer(), await stage.customer()
        event = await stage.interaction(before)
        await stage.interaction(after, interaction_id=event.interaction_id)
        assert (await stage.member(before))["last_contact_at"] is None
        assert (await stage.member(after))["last_contact_at"] == stage.now

    async def test_messages_and_missed_calls_of_ours_are_no_contact(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.interaction(who, channel="email")
        await stage.interaction(who, channel="call", outcome="no_answer")
        assert (await stage.member(who))["last_contact_at"] is None
        await stage.interaction(who, channel="email", direction="inbound", outcome=None)
        assert (await stage.member(who))["last_contact_at"] == stage.now

    async def test_a_contact_dated_ahead_counts_when_its_time_comes(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.interaction(who, channel="visit", occurred_at=stage.now + HOUR)
        assert (await stage.member(who))["last_contact_at"] is None
        await stage.later(HOUR)
        assert (await stage.member(who))["last_contact_at"] == stage.now

    async def test_a_contact_satisfies_the_rhythm(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.scored(who, tier="diamond")
        await stage.later(14 * DAY)
        assert [row["status"] for row in await stage.reminders("tier_rhythm")] == ["open"]
        await stage.interaction(who)
        assert [(row["status"], row["close_reason"]) for row in await stage.reminders("tier_rhythm")] == [
            ("expired", "contacted")
        ]
        await stage.later(14 * DAY)
        assert [row["status"] for row in await stage.reminders("tier_rhythm")] == ["expired", "open"]


class TestRebuild:
    async def test_what_the_snapshot_does_not_show_is_gone_and_nothing_opens_twice(self, stage: Stage) -> None:
        stays, gone = new_id(), new_id()
        events = [stage.customer_event(stays), stage.customer_event(gone)]
        await stage.tell(stage.contacts, *events)
        talk = await stage.interaction(gone)
        scores = [stage.scored_event(one, last_order_at=stage.now) for one in (stays, gone)]
        await stage.tell(stage.scoring, *scores)
        before = {row["id"] for row in await stage.reminders()}
        for handler in (stage.contacts, stage.scoring, stage.gateway):
            async with stage.database.worker() as session:
                await handler.begin_rebuild(session)
        lower = events[0].model_copy(update={"version": 1})
        await stage.tell(stage.contacts, lower)
        await stage.tell(stage.scoring, scores[0].model_copy(update={"version": 1}))
        for handler in (stage.contacts, stage.scoring, stage.gateway):
            async with stage.database.worker() as session:
                await handler.end_rebuild(session)
        assert (await stage.member(stays))["listed"]
        assert not (await stage.member(gone))["listed"]
        assert (await stage.member(gone))["value_tier"] is None
        assert (await stage.member(gone))["last_contact_at"] is None
        assert talk.interaction_id not in {row["id"] for row in await stage.rows("interactions")}
        await stage.later(timedelta(0))
        assert {row["id"] for row in await stage.reminders()} == before
        assert {row["customer_id"] for row in await stage.reminders(status="open")} == {stays}
