"""What time alone makes due: rhythm, silence, snoozes that end, expiry."""

from datetime import timedelta

from services.campaigns.care.clock import CareClock
from services.contracts.envelope import Effects
from tests.campaigns.stage import Stage

DAY = timedelta(days=1)


class TestRhythm:
    async def test_it_opens_when_the_tiers_interval_has_passed_without_a_contact(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.scored(who, tier="gold")
        await stage.interaction(who)
        last = stage.now
        await stage.later(30 * DAY - timedelta(seconds=1))
        assert await stage.reminders() == []
        await stage.later(timedelta(seconds=1))
        [reminder] = await stage.reminders()
        assert (reminder["rule"], reminder["status"]) == ("tier_rhythm", "open")
        assert reminder["due_at"] == stage.now
        assert reminder["facts"] == {"value_tier": "gold", "days": 30, "last_contact_at": last.isoformat()}

    async def test_one_that_waits_is_not_doubled_by_the_next_beat(self, stage: Stage) -> None:
        await stage.scored(await stage.customer(), tier="diamond")
        await stage.later(14 * DAY)
        await stage.later(14 * DAY)
        assert len(await stage.reminders()) == 1

    async def test_after_a_skipped_one_the_next_beat_opens_another(self, stage: Stage) -> None:
        await stage.scored(await stage.customer(), tier="diamond")
        await stage.later(14 * DAY)
        async with stage.database.worker() as session:
            await session.execute(
                "UPDATE reminders SET status = 'skipped', closed_at = now() WHERE workspace_id = $1", stage.workspace_id
            )
        await stage.later(DAY)
        assert len(await stage.reminders()) == 1
        await stage.later(13 * DAY)
        assert [row["status"] for row in await stage.reminders()] == ["skipped", "open"]

    async def test_contacts_that_were_imported_start_no_reminder(self, stage: Stage) -> None:
        who = await stage.customer(created_at=stage.now - 400 * DAY, effects="scores")
        await stage.scored(who, tier="diamond", effects=Effects.SCORES)
        await stage.interaction(who, occurred_at=stage.now - 15 * DAY, effects="scores")
        await stage.later(timedelta(minutes=1))
        assert await stage.reminders() == []
        await stage.later(13 * DAY)
        assert [row["rule"] for row in await stage.reminders()] == ["tier_rhythm"]

    async def test_many_customers_are_worked_off_in_chunks(self, stage: Stage) -> None:
        ids = [await stage.customer() for _ in range(7)]
        await stage.tell(stage.scoring, *(stage.scored_event(who, tier="diamond") for who in ids))
        stage.clock.advance(14 * DAY)
        assert await CareClock(stage.database, stage.care, 60, chunk=3).round() == 7
        assert {row["customer_id"] for row in await stage.reminders()} == set(ids)


class TestSilence:
    async def test_a_returning_customer_who_turns_silent_is_asked_after_once(self, stage: Stage) -> None:
        who = await stage.customer(created_at=stage.now - 400 * DAY)
        bought = stage.now - 90 * DAY
        common = {"last_order_at": bought, "purchase_days": 4, "order_id": who}
        await stage.scored(who, churn="watch", **common)
        assert await stage.reminders() == []
        await stage.scored(who, churn="warn", **common)
        await stage.scored(who, churn="likely_lost", **common)
        [reminder] = await stage.reminders()
        assert (reminder["rule"], reminder["status"]) == ("silence", "open")
        assert reminder["facts"] == {"churn_risk": "warn", "last_order_at": bought.isoformat()}

    async def test_one_time_customers_are_left_in_peace(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.scored(who, churn="likely_lost", last_order_at=stage.now - 300 * DAY, purchase_days=1)
        assert await stage.reminders() == []

    async def test_a_new_order_ends_it(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.scored(who, churn="warn", last_order_at=stage.now - 90 * DAY, purchase_days=4)
        stage.clock.advance(DAY)
        await stage.buys(who, churn="none", purchase_days=5, first_order_at=stage.now - 200 * DAY)
        statuses = {row["rule"]: (row["status"], row["close_reason"]) for row in await stage.reminders()}
        assert statuses == {"silence": ("expired", "bought_again"), "purchase_follow_up": ("open", None)}


class TestFallingTogether:
    async def test_silence_and_rhythm_of_one_day_are_one_reminder(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.scored(who, tier="diamond")
        stage.clock.advance(14 * DAY)
        await stage.scored(
            who, tier="diamond", churn="warn", last_order_at=stage.now - 90 * DAY, purchase_days=4, changed_at=stage.now
        )
        by_rule = {row["rule"]: row for row in await stage.reminders()}
        assert by_rule["silence"]["status"] == "open"
        assert by_rule["tier_rhythm"]["status"] == "merged"
        assert by_rule["tier_rhythm"]["merged_into"] == by_rule["silence"]["id"]
        assert [one["rule"] for one in by_rule["silence"]["also"]] == ["tier_rhythm"]
        assert by_rule["silence"]["due_at"] == stage.now
        assert (await stage.member(who))["open_reminders"] == 1


class TestSweep:
    async def test_a_snooze_ends_by_itself(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.buys(who)
        async with stage.database.worker() as session:
            await session.execute(
                "UPDATE reminders SET status = 'snoozed', snoozed_until = $2"
                " WHERE workspace_id = $1 AND rule = 'first_order_thanks'",
                stage.workspace_id,
                stage.now + 2 * DAY,
            )
        await stage.later(2 * DAY - timedelta(seconds=1))
        assert [row["status"] for row in await stage.reminders("first_order_thanks")] == ["snoozed"]
        await stage.later(timedelta(seconds=1))
        [reminder] = await stage.reminders("first_order_thanks")
        assert (reminder["status"], reminder["snoozed_until"]) == ("open", None)

    async def test_what_nobody_did_expires(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.buys(who)
        await stage.later(15 * DAY)
        statuses = {row["rule"]: (row["status"], row["close_reason"]) for row in await stage.reminders()}
        assert statuses == {"first_order_thanks": ("expired", "too_late"), "purchase_follow_up": ("open", None)}
        assert (await stage.member(who))["open_reminders"] == 1
        assert (await stage.published())[-1]["status"] == "expired"


class TestPlanning:
    async def test_the_hour_is_the_customers_own(self, stage: Stage) -> None:
        who = await stage.customer(
            time_zone="America/New_York", contact_hours=[{"days": ["tue"], "from": "18:00", "to": "20:00"}]
        )
        await stage.buys(who)
        [thanks] = await stage.reminders("first_order_thanks")
        assert thanks["contact_at"].isoformat() == "2026-11-24T23:00:00+00:00"

    async def test_a_full_week_moves_the_contact_and_habits_choose_hour_and_form(self, stage: Stage) -> None:
        who = await stage.customer(preferred_channel=None)
        for days in (1, 2, 3):
            await stage.interaction(who, occurred_at=stage.now.replace(hour=7) - days * DAY, channel="call")
        await stage.buys(who, tier="gold")
        [thanks] = await stage.reminders("first_order_thanks")
        assert thanks["contact_at"].isoformat() == "2026-11-26T07:00:00+00:00"
        assert thanks["form"] == "note"

    async def test_key_customers_come_first_and_move_up_with_their_tier(self, stage: Stage) -> None:
        who = await stage.customer()
        await stage.buys(who, tier="bronze")
        low = [row["priority"] for row in await stage.reminders()]
        await stage.scored(who, tier="diamond", last_order_at=stage.now)
        assert min(row["priority"] for row in await stage.reminders()) > max(low)
