"""Keys and health of sources; what is stored of a call can be read again, byte for byte."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.contacts.sources.rules import BLOCKED, MAX_KEY, PACKED_FROM, first_id_at, health_of, key_for, pack, unpack
from services.contacts.sources.webhook import MAX_BODY

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
BODIES = st.one_of(
    st.binary(max_size=2 * PACKED_FROM),
    st.builds(lambda piece, times: piece * times, st.binary(min_size=1, max_size=40), st.integers(1, 500)),
)


@given(BODIES)
@example(b"")
@example(b"x" * PACKED_FROM)
@example(b" " * MAX_BODY)
def test_a_packed_body_is_what_the_shop_sent(body: bytes) -> None:
    stored, size = pack(body)
    assert unpack(stored, size) == body
    assert (size is None) == (len(body) < PACKED_FROM)


def test_a_body_that_repeats_itself_takes_less_room() -> None:
    body = b'{"price": "10.00", "price_set": {"amount": "10.00", "currency_code": "TWD"}}' * 20
    assert len(pack(body)[0]) < len(body) / 2


@pytest.mark.parametrize(
    ("name", "taken", "key"),
    [
        ("Our Shop", (), "our-shop"),
        ("Caf\u00e9 & B\u00e4ckerei!", (), "cafe-backerei"),
        ("\u5c0f\u660e\u7684\u5e97", (), "shopify"),
        ("Our shop", ("our-shop",), "our-shop-2"),
        ("Our shop", ("our-shop", "our-shop-2"), "our-shop-3"),
        ("a" * 200, (), "a" * (MAX_KEY - 4)),
    ],
)
def test_a_source_gets_a_free_key_that_resembles_its_name(name: str, taken: tuple[str, ...], key: str) -> None:
    assert key_for(name, "shopify", taken) == key


def test_the_first_id_of_an_instant_holds_its_milliseconds() -> None:
    assert first_id_at(NOON + timedelta(milliseconds=5)).int >> 80 == int(NOON.timestamp()) * 1000 + 5
    assert first_id_at(datetime(1969, 1, 1, tzinfo=UTC)) == UUID(int=0)


@pytest.mark.parametrize(
    ("more", "health"),
    [
        ({"secrets": []}, "no_secret"),
        ({}, "waiting"),
        ({"rejected_at": NOON}, "rejecting"),
        ({"rejected_at": NOON, "last_received_at": NOON - timedelta(minutes=1)}, "rejecting"),
        ({"rejected_at": NOON, "last_received_at": NOON}, "ok"),
        ({"last_received_at": NOON, "last_outcome": BLOCKED}, "blocked"),
        ({"last_received_at": NOON, "last_status": "failed"}, "failing"),
        ({"last_received_at": NOON, "last_status": "processed"}, "ok"),
    ],
)
def test_health_is_told_by_the_latest_call(more: dict[str, object], health: str) -> None:
    nothing = {"rejected_at": None, "last_received_at": None, "last_outcome": None, "last_status": None}
    assert health_of({"secrets": ["whsec"], **nothing, **more}, takes_calls=True) == health
    assert health_of({"secrets": ["whsec"], **nothing, **more}, takes_calls=False) == "no_calls"
