"""The merge of order facts: any sequence and any repetition ends in the same state."""

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contacts.orders.facts import ItemFact, OrderCore, OrderFact, OrderStatus, RefundFact
from services.contacts.orders.rules import (
    PRECEDENCE,
    RANK,
    OrderState,
    columns_of,
    is_cancelled,
    merge,
    order_event,
    standing_refunds,
    state_of,
)

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def core(minutes: int = 0, status: OrderStatus = "paid", total: int = 10_000, **more: object) -> OrderCore:
    return OrderCore(
        updated_at=at(minutes),
        body_hash=f"{minutes}/{status}/{total}",
        placed_at=NOON,
        currency="TWD",
        total_minor=total,
        status=status,
        **more,  # type: ignore[arg-type]  # the tests' own shorthand
    )


def fact(described: OrderCore | None = None, **more: object) -> OrderFact:
    return OrderFact("shop", "1001", core=described, **more)  # type: ignore[arg-type]  # as above


def merged(*facts: OrderFact) -> OrderState:
    state = OrderState()
    for one in facts:
        state = merge(state, one)
    return state


def status(*facts: OrderFact) -> str:
    return str(columns_of(merged(*facts))["status"])


minutes = st.integers(0, 5)
refunds = st.builds(
    lambda key, processed, amount, seen: RefundFact(str(key), at(processed), amount, None, at(seen) if seen else None),
    st.integers(1, 3),
    minutes,
    st.sampled_from([0, 100, 2_500, 10_000]),
    st.none() | minutes,
)
cores = st.builds(
    lambda when, state, total, whole, seed: replace(
        core(when, state, total, lists_all_refunds=whole), body_hash=f"{seed}/{when}/{state}/{total}/{whole}"
    ),
    minutes,
    st.sampled_from(PRECEDENCE),
    st.sampled_from([0, 10_000, 12_000]),
    st.booleans(),
    st.integers(0, 2),
)
facts = st.builds(
    lambda described, told, cancelled, removals, effects: fact(
        described, refunds=tuple(told), cancelled_at=cancelled, removals=removals, effects=effects
    ),
    st.none() | cores,
    st.lists(refunds, max_size=3),
    st.none() | minutes.map(at),
    st.dictionaries(st.sampled_from("abc"), st.just(1)) | st.dictionaries(st.sampled_from("xyz"), st.just(-1)),
    st.sampled_from(["none", "scores", "all"]),
)


class TestSequence:
    @given(st.lists(facts, max_size=6), st.randoms(use_true_random=False))
    def test_any_sequence_and_any_repetition_ends_the_same(self, told: list[OrderFact], chance: random.Random) -> None:
        shuffled = [*told, *chance.choices(told, k=3)] if told else []
        chance.shuffle(shuffled)
        assert merged(*shuffled) == merged(*told)

    @given(st.lists(facts, max_size=5))
    def test_a_state_survives_being_written_and_read(self, told: list[OrderFact]) -> None:
        state = merged(fact(core()), *told)
        row = columns_of(state)
        assert columns_of(state_of(row)) == row
        assert state_of(row) == state

    @given(st.lists(facts, max_size=5), facts)
    def test_the_stored_state_merges_like_the_one_in_memory(self, told: list[OrderFact], last: OrderFact) -> None:
        state = merged(fact(core()), *told)
        assert columns_of(merge(state_of(columns_of(state)), last)) == columns_of(merge(state, last))

    @given(st.lists(facts, max_size=6))
    def test_what_is_left_is_never_negative(self, told: list[OrderFact]) -> None:
        row = columns_of(merged(fact(core()), *told))
        assert row["net_minor"] == max(0, row["total_minor"] - row["refunded_minor"])


class TestCore:
    def test_an_older_update_never_overwrites(self) -> None:
        newer, older = core(5, total=12_000), core(1, total=10_000)
        assert columns_of(merged(fact(newer), fact(older)))["total_minor"] == 12_000

    def test_of_two_updates_in_one_second_the_order_that_has_come_further_counts(self) -> None:
        for one, other in itertools.permutations([core(1, "pending"), core(1, "paid")]):
            assert status(fact(one), fact(other)) == "paid"

    def test_the_buyer_is_that_of_the_deciding_message(self) -> None:
        ann, bob = UUID(int=1), UUID(int=2)
        state = merge(merge(OrderState(), fact(core(5)), ann), fact(core(1)), bob)
        assert columns_of(state)["customer_id"] == ann

    def test_the_account_is_credited_before_the_buyer(self) -> None:
        row = columns_of(merge(OrderState(), fact(core()), UUID(int=1), UUID(int=2)))
        assert (row["customer_id"], row["customer_type"]) == (UUID(int=2), "account")

    def test_loose_facts_alone_make_no_row(self) -> None:
        with pytest.raises(ValueError, match="no row"):
            columns_of(merged(fact(refunds=(RefundFact("r", NOON, 5),))))

    def test_lines_survive_being_written_and_read(self) -> None:
        line = ItemFact("9", "TEA-1", "高山茶", Decimal("1.5"), 120_000, 180_000, {"罐": "紅"}, "77", gift_card=False)
        state = merged(fact(core(items=(line,))))
        assert state_of(columns_of(state)) == state


class TestStatus:
    @pytest.mark.parametrize("stated", PRECEDENCE)
    def test_what_the_source_states_stands_alone(self, stated: OrderStatus) -> None:
        assert status(fact(core(status=stated))) == stated

    @pytest.mark.parametrize(
        ("amount", "shown"), [(1, "partially_refunded"), (10_000, "refunded"), (20_000, "refunded")]
    )
    def test_refunds_that_come_on_their_own_show(self, amount: int, shown: str) -> None:
        assert status(fact(core()), fact(refunds=(RefundFact("r", at(9), amount),))) == shown

    def test_a_refund_does_not_hide_a_cancellation(self) -> None:
        assert status(fact(core(status="cancelled"), refunds=(RefundFact("r", at(1), 10_000),))) == "cancelled"

    def test_deleted_stands_above_all(self) -> None:
        assert status(fact(core(status="cancelled")), fact(removals={"d": 1})) == "deleted"

    def test_restoring_takes_a_deletion_back_in_either_sequence(self) -> None:
        told = [fact(core()), fact(removals={"d": 1}), fact(core(2), removals={"r": -1})]
        for sequence in itertools.permutations(told):
            assert status(*sequence) == "paid"

    def test_the_same_deletion_told_twice_counts_once(self) -> None:
        told = [fact(core()), fact(removals={"d": 1}), fact(removals={"d": 1}), fact(removals={"r": -1})]
        assert status(*told) == "paid"

    def test_every_status_has_a_place_in_both_orders(self) -> None:
        assert set(PRECEDENCE) == set(RANK)


class TestCancellation:
    def test_the_earliest_time_that_any_message_shows_counts(self) -> None:
        told = [fact(core(7, "cancelled")), fact(core(3, "cancelled"))]
        for sequence in itertools.permutations(told):
            assert columns_of(merged(*sequence))["cancelled_at"] == at(3)

    def test_a_cancellation_on_its_own_holds_until_a_newer_message(self) -> None:
        wish = fact(cancelled_at=at(4))
        assert status(fact(core(4)), wish) == "cancelled"
        assert status(fact(core(5)), wish) == "paid"

    def test_an_order_that_goes_on_has_no_cancellation_time(self) -> None:
        assert columns_of(merged(fact(core(3, "cancelled")), fact(core(4))))["cancelled_at"] is None

    def test_loose_facts_know_it_too(self) -> None:
        assert is_cancelled(merged(fact(cancelled_at=NOON)))
        assert not is_cancelled(merged(fact(refunds=(RefundFact("r", NOON, 5),))))


class TestRefunds:
    def test_the_earliest_processing_time_and_the_newest_amount_count(self) -> None:
        early, late = RefundFact("r", at(1), 500, None, at(1)), RefundFact("r", at(4), 700, "broken", at(4))
        for sequence in itertools.permutations([early, late]):
            found = standing_refunds(merged(fact(core(), refunds=sequence)))
            assert [(one.processed_at, one.amount_minor, one.reason) for one in found] == [(at(1), 700, "broken")]

    def test_a_refund_missing_in_a_complete_newer_list_was_taken_back(self) -> None:
        listed = fact(core(2, lists_all_refunds=True), refunds=(RefundFact("r", at(2), 500, None, at(2)),))
        without = fact(core(3, lists_all_refunds=True))
        for sequence in itertools.permutations([listed, without]):
            row = columns_of(merged(*sequence))
            assert (row["status"], row["refunds"], row["net_minor"]) == ("paid", [], 10_000)

    def test_a_refund_missing_in_an_incomplete_list_stays(self) -> None:
        told = merged(fact(core(5)), fact(refunds=(RefundFact("r", at(2), 500),)))
        assert columns_of(told)["net_minor"] == 9_500

    def test_a_restock_without_money_is_no_refund(self) -> None:
        row = columns_of(merged(fact(core(), refunds=(RefundFact("r", NOON, 0),))))
        assert (row["status"], row["refunds"]) == ("paid", [])

    @pytest.mark.parametrize(
        ("paid", "amount", "shown"),
        [("paid", 10_000, "refunded"), ("paid", 1, "partially_refunded"), ("voided", 1, "voided"), ("paid", 0, "paid")],
    )
    def test_the_payment_state_follows_refunds(self, paid: str, amount: int, shown: str) -> None:
        told = merged(fact(core(payment_status=paid), refunds=(RefundFact("r", NOON, amount),)))
        assert columns_of(told)["payment_status"] == shown

    def test_money_refunded_beyond_the_total_leaves_nothing(self) -> None:
        row = columns_of(merged(fact(core(), refunds=(RefundFact("r", NOON, 99_999),))))
        assert (row["net_minor"], row["refunded_minor"]) == (0, 99_999)


def test_the_widest_effects_ever_told_stay() -> None:
    told = [fact(core(), effects="scores"), fact(core(1), effects="none")]
    assert columns_of(merged(*told))["effects"] == "scores"


def test_the_other_services_are_told_state_and_refunds() -> None:
    refund = RefundFact("r1", NOON, 1_000)
    row = columns_of(merged(fact(core(1, "paid", 5_000), refunds=(refund,))))
    told = order_event({"id": UUID(int=1), "version": 3, "customer_id": None, "customer_type": None, **row})
    assert (told.subject, told.version, told.status, told.total_minor) == (UUID(int=1), 3, "partially_refunded", 5_000)
    assert [(one.refund_id, one.amount_minor) for one in told.refunds] == [("r1", 1_000)]
