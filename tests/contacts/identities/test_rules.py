"""Identifiers, and how facts about one person add up."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contacts.identities.facts import Address, ExternalId, PersonFact
from services.contacts.identities.rules import (
    Key,
    PersonState,
    absorbed,
    add_fact,
    add_person,
    clean_email,
    clean_phone,
    email_key,
    empty_person,
    keys_of,
    mark_time,
    person_of,
    phone_key,
)

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def fact(minutes: int = 0, **more: object) -> PersonFact:
    return PersonFact(NOON + timedelta(minutes=minutes), "shop", **more)  # type: ignore[arg-type]  # shorthand


def person(*facts: PersonFact) -> PersonState:
    state = empty_person()
    for one in facts:
        add_fact(state, one)
    return state


class TestEmail:
    @pytest.mark.parametrize(
        ("written", "kept"),
        [
            (" Ann@Example.COM ", "ann@example.com"),
            ("cafe\u0301@example.com", "caf\u00e9@example.com"),
            ("李@xn--fsqu00a.example", "李@例子.example"),
            ("a@xn--\u00ff", "a@xn--\u00ff"),
            ("", None),
            ("@example.com", None),
            ("ann", None),
            ("ann@", None),
            ("ann smith@example.com", None),
            ("ann\x00@example.com", None),
            ("a" * 250 + "@example.com", None),
        ],
    )
    def test_an_address_has_one_spelling(self, written: str, kept: str | None) -> None:
        assert clean_email(written) == kept

    @pytest.mark.parametrize(
        "relay",
        ["x1@marketplace.amazon.co.jp", "y@members.ebay.com", "z@pc.fw.rakuten.ne.jp", "w@relay.walmart.com"],
    )
    def test_an_address_that_a_marketplace_hands_out_never_matches(self, relay: str) -> None:
        assert email_key(relay) is None
        assert clean_email(relay) == relay

    def test_a_shop_of_a_similar_name_is_no_relay(self) -> None:
        assert email_key("ann@mymembers.ebay-fans.com") == "ann@mymembers.ebay-fans.com"

    def test_no_address_is_no_key(self) -> None:
        assert email_key("none") is None


class TestPhone:
    @pytest.mark.parametrize(
        ("written", "region", "kept"),
        [
            ("0912 345 678", "TW", "+886912345678"),
            ("+886 912-345-678", None, "+886912345678"),
            ("090-1234-5678", "JP", "+819012345678"),
            ("010-1234-5678", "KR", "+821012345678"),
            ("(212) 555-0143 ext. 7", "US", "+12125550143"),
            ("0912 345 678", None, None),
            ("12", "US", None),
            ("call me", "US", None),
        ],
    )
    def test_a_number_is_written_with_its_country(self, written: str, region: str | None, kept: str | None) -> None:
        assert clean_phone(written, region) == kept

    @pytest.mark.parametrize("typed", ["555-555-5555", "1212121212", "1234567890", "0000000000"])
    def test_what_people_type_to_get_past_a_form_is_no_key(self, typed: str) -> None:
        assert phone_key(typed, "US") is None

    def test_a_real_number_is_a_key(self) -> None:
        assert phone_key("212 555 0143", "US") == "+12125550143"

    def test_no_number_is_no_key(self) -> None:
        assert phone_key("-", "US") is None


class TestKeys:
    def test_a_telephone_beside_something_better_is_only_held(self) -> None:
        found = keys_of(fact(emails=("Ann@example.com",), phones=("0912345678",), default_region="TW"))
        assert found.joining == {Key("email", "", "ann@example.com")}
        assert found.holding == {Key("phone", "", "+886912345678")}

    def test_a_telephone_alone_joins(self) -> None:
        found = keys_of(fact(phones=("+886912345678",)))
        assert found.joining == {Key("phone", "", "+886912345678")}
        assert not found.holding

    def test_a_relay_address_leaves_the_telephone_alone(self) -> None:
        found = keys_of(fact(emails=("x@members.ebay.com",), phones=("+886912345678",)))
        assert {key.kind for key in found.joining} == {"phone"}

    def test_nothing_usable_is_nobody(self) -> None:
        assert not keys_of(fact(emails=("",), phones=("555-555-5555",), external_ids=(ExternalId("shop", ""),))).all

    def test_an_external_id_belongs_to_its_source(self) -> None:
        found = keys_of(fact(external_ids=(ExternalId("shop", "7"), ExternalId("till", "7"))))
        assert found.joining == {Key("external", "shop", "7"), Key("external", "till", "7")}


names = st.sampled_from([None, "Ann", "安", "عمر"])
addresses = st.lists(
    st.builds(lambda kind, city: Address(kind, city=city), st.sampled_from(["home", "billing"]), st.sampled_from("AB")),
    max_size=2,
    unique_by=lambda address: address.kind,
)
facts = st.builds(
    lambda minutes, source, given_name, display, mails, numbers, places, tags: replace(
        fact(minutes, given_name=given_name, display_name=display),
        source=source,
        emails=tuple(mails),
        phones=tuple(numbers),
        addresses=tuple(places),
        tags=tuple(tags),
    ),
    st.integers(0, 3),
    st.sampled_from(["shop", "till"]),
    names,
    names,
    st.lists(st.sampled_from(["a@example.com", "B@example.com", "no"]), max_size=2),
    st.lists(st.sampled_from(["+886912345678", "+819012345678", "x"]), max_size=2),
    addresses,
    st.lists(st.sampled_from(["vip", "茶"]), max_size=2),
)


class TestFacts:
    @given(st.lists(facts, max_size=6), st.randoms(use_true_random=False))
    def test_any_sequence_and_any_repetition_ends_the_same(self, told: list[PersonFact], chance: random.Random) -> None:
        shuffled = [*told, *told[:2]]
        chance.shuffle(shuffled)
        assert person(*shuffled) == person(*told)

    @given(st.lists(facts, max_size=4), st.lists(facts, max_size=4))
    def test_joining_two_people_equals_having_known_them_as_one(
        self, ones: list[PersonFact], others: list[PersonFact]
    ) -> None:
        one, other = person(*ones), person(*others)
        add_person(one, other)
        assert one == person(*ones, *others)

    def test_the_newest_statement_counts(self) -> None:
        assert person(fact(5, given_name="Anna"), fact(1, given_name="Ann")).values["given_name"] == "Anna"

    def test_a_field_that_staff_emptied_is_not_filled_by_an_older_fact(self) -> None:
        state = empty_person()
        state.marks["given_name"] = [mark_time(NOON + timedelta(hours=1)), "manual"]
        add_fact(state, fact(given_name="Ann"))
        assert state.values["given_name"] is None

    def test_the_first_address_of_the_newest_fact_is_primary(self) -> None:
        state = person(fact(1, emails=("new@example.com", "b@example.com")), fact(emails=("old@example.com",)))
        assert state.values["primary_email"] == "new@example.com"
        assert [entry["address"] for entry in state.emails] == ["b@example.com", "new@example.com", "old@example.com"]

    def test_a_mark_that_an_entry_carries_stays(self) -> None:
        one, other = empty_person(), empty_person()
        one.emails = [{"address": "a@example.com", "verified": False, "label": "work"}]
        other.emails = [{"address": "a@example.com", "verified": True, "label": None}]
        add_person(one, other)
        assert one.emails == [{"address": "a@example.com", "verified": True, "label": "work"}]

    def test_a_row_is_read_without_being_shared(self) -> None:
        state = person(fact(given_name="Ann", emails=("a@example.com",), tags=("vip",)))
        row = {
            **state.values,
            "emails": state.emails,
            "phones": [],
            "addresses": [],
            "tags": state.tags,
            "provenance": state.marks,
        }
        read = person_of(row)
        assert read == state
        read.marks["given_name"][0] = "later"
        assert state.marks["given_name"][0] != "later"


STAFF: dict[str, Any] = {
    "id": "a",
    "owner_rep_id": "ann",
    "lifecycle_stage": None,
    "preferred_channel": "call",
    "do_not_contact": False,
    "do_not_pursue": False,
    "internal": False,
    "handles": [{"kind": "line", "value": "ming"}],
    "contact_hours": [],
    "custom": {"size": "M"},
    "designated_rep_id": "ann",
    "designated_at": NOON,
}


class TestStaffColumns:
    def test_the_one_who_stays_keeps_what_he_has_and_gains_what_he_has_not(self) -> None:
        other = STAFF | {"id": "b", "owner_rep_id": "bea", "lifecycle_stage": "customer", "do_not_contact": True}
        other |= {
            "handles": [*STAFF["handles"], {"kind": "wechat", "value": "mm"}],
            "custom": {"size": "L", "age": 3},
        }
        found = absorbed(STAFF, other)
        assert (found["owner_rep_id"], found["lifecycle_stage"], found["preferred_channel"]) == (
            "ann",
            "customer",
            "call",
        )
        assert (found["do_not_contact"], found["do_not_pursue"], found["internal"]) == (True, False, False)
        assert [handle["kind"] for handle in found["handles"]] == ["line", "wechat"]
        assert found["custom"] == {"size": "M", "age": 3}

    @pytest.mark.parametrize(("minutes", "rep"), [(-1, "ann"), (1, "bea"), (None, "ann")])
    def test_the_latest_wish_for_a_rep_stands(self, minutes: int | None, rep: str) -> None:
        asked = None if minutes is None else NOON + timedelta(minutes=minutes)
        other = STAFF | {"id": "b", "designated_rep_id": "bea", "designated_at": asked}
        assert absorbed(STAFF, other)["designated_rep_id"] == rep
        assert absorbed(other, STAFF)["designated_rep_id"] == rep
