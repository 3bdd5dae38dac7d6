"""The text of a key: made once, told from noise, taken apart without doubt."""

import re
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.keys.rules import (
    MODES,
    Mode,
    checksum,
    from_origin,
    hint,
    in_networks,
    is_live,
    make_key,
    may_grant_visibility,
    missing_scopes,
    parse_key,
    parse_networks,
    status,
)

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)


@given(st.sampled_from(MODES), st.integers())
def test_a_key_has_the_documented_form_and_comes_back_in_its_parts(mode: Mode, seed: int) -> None:
    key = make_key(mode, Random(seed))
    assert re.fullmatch(r"kith_(live|test)_[0-9A-Za-z]{10}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}", key.text)
    assert parse_key(key.text) == key


@given(st.integers(), st.integers(min_value=0, max_value=70), st.sampled_from("0aZ_ ~é"))
def test_one_wrong_character_is_noticed_without_a_look_up(seed: int, place: int, other: str) -> None:
    text = make_key("live", Random(seed)).text
    place %= len(text)
    spoilt = text[:place] + other + text[place + 1 :]
    assert spoilt == text or parse_key(spoilt) is None


@pytest.mark.parametrize(
    "text", ["", "kith", "kith_live", "Bearer x", "kith_live_a_b_c", "_" * 70, "kith_prod_" + "a" * 62]
)
def test_other_texts_are_no_keys(text: str) -> None:
    assert parse_key(text) is None


def test_a_well_summed_key_of_the_wrong_shape_is_no_key() -> None:
    for start in ("kith_live_" + "a" * 10 + "_" + "b" * 42, "kith_else_" + "a" * 10 + "_" + "b" * 43, "x_" + "a" * 10):
        assert parse_key(f"{start}_{checksum(start)}") is None


def test_the_checksum_is_the_documented_one() -> None:
    assert checksum("123456789") == "3jZRME"  # CRC-32 check value 0xCBF43926 in base 62


def test_the_hint_shows_start_and_end_but_not_the_secret() -> None:
    key = make_key("test", Random(1))
    assert hint(key.text) == f"kith_test_{key.public_id}_...{key.text[-4:]}"


@pytest.mark.parametrize(
    ("expires", "revoked", "live"),
    [
        (None, None, True),
        (timedelta(seconds=1), None, True),
        (timedelta(0), None, False),
        (None, timedelta(0), False),
        (timedelta(days=1), -timedelta(days=1), False),
        (None, timedelta(hours=1), True),
    ],
)
def test_a_key_counts_until_it_expires_or_is_revoked(
    expires: timedelta | None, revoked: timedelta | None, live: bool
) -> None:
    assert is_live(NOW, None if expires is None else NOW + expires, None if revoked is None else NOW + revoked) is live


def test_nobody_grants_a_scope_that_he_lacks() -> None:
    assert missing_scopes(frozenset({"people:read", "keys:write"}), frozenset({"people:read"})) == ["keys:write"]
    assert missing_scopes(frozenset({"admin"}), frozenset({"people:read"})) == ["admin"]
    assert missing_scopes(frozenset({"people:read"}), frozenset({"admin"})) == []


@pytest.mark.parametrize(
    ("wanted", "held", "may"), [("own", "all", True), ("all", "team", False), ("team", "team", True)]
)
def test_nobody_lets_another_see_more_than_he_sees(wanted: str, held: str, may: bool) -> None:
    assert may_grant_visibility(wanted, held) is may


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("10.1.2.3", [], True),
        ("10.1.2.3", ["10.0.0.0/8"], True),
        ("11.1.2.3", ["10.0.0.0/8", "192.0.2.0/24"], False),
        ("::ffff:10.1.2.3", ["10.0.0.0/8"], True),
        ("2001:db8::1", ["2001:db8::/32"], True),
        ("2001:db8::1", ["10.0.0.0/8"], False),
        (None, ["10.0.0.0/8"], False),
        ("unix", ["10.0.0.0/8"], False),
    ],
)
def test_a_key_bound_to_networks_works_from_there_only(address: str | None, networks: list[str], inside: bool) -> None:
    assert in_networks(address, parse_networks(networks)) is inside


def test_a_network_with_host_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="host bits"):
        parse_networks(["10.0.0.1/8"])


def test_a_key_bound_to_origins_works_from_there_only() -> None:
    bound = frozenset({"https://app.example"})
    assert from_origin("https://app.example", bound)
    assert not from_origin("https://evil.example", bound)
    assert not from_origin(None, bound)
    assert from_origin(None, frozenset())


@pytest.mark.parametrize(
    ("expires", "revoked", "shown"),
    [(None, None, "active"), (1, None, "active"), (0, None, "expired"), (1, 0, "revoked"), (-1, -1, "revoked")],
)
def test_a_key_is_active_until_it_expires_and_revoked_whatever_else(
    expires: int | None, revoked: int | None, shown: str
) -> None:
    instants = [None if hours is None else NOW + timedelta(hours=hours) for hours in (expires, revoked)]
    assert status(NOW, *instants) == shown
