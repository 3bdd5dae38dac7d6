"""Values in a platform's JSON."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contacts.sources.adapters import fields
from services.contacts.sources.adapters.base import Malformed

ODD: list[Any] = [None, True, [], {}, "", "x", "NaN", "Infinity", "1e400", "1e-400", "9" * 50, float("inf")]


class TestLoad:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"", "not_json"),
            (b"{", "not_json"),
            (b"\xff", "not_json"),
            (b'{"a":"\\ud800"}', "not_json"),
            (b"[]", "not_an_object"),
        ],
    )
    def test_what_is_no_object_is_malformed(self, body: bytes, code: str) -> None:
        with pytest.raises(Malformed) as caught:
            fields.load(body)
        assert caught.value.code == code


class TestText:
    @pytest.mark.parametrize(
        ("value", "kept"),
        [
            ("  王小明 ", "王小明"),
            ("e\u0301", "é"),
            ("a\x00b\tc", "a b c"),
            ("👩‍👩‍👧", "👩‍👩‍👧"),
            (12, "12"),
            ("", None),
            ("\x00", None),
            (True, None),
            (None, None),
            ([], None),
            ("x" * 300, "x" * 255),
        ],
    )
    def test_a_text_is_cleaned(self, value: object, kept: str | None) -> None:
        assert fields.text(value) == kept

    @given(st.text())
    def test_any_text_can_be_stored(self, value: str) -> None:
        found = fields.text(value) or ""
        assert "\x00" not in found
        assert found.encode().decode() == found


class TestId:
    def test_an_id_keeps_all_digits(self) -> None:
        assert fields.identifier(fields.load(b'{"id": 18446744073709551615}')["id"], "id") == "18446744073709551615"

    @pytest.mark.parametrize("value", [None, "", True, [], {}, 1.5, fields.load(b'{"id": 99999999999999999999}')["id"]])
    def test_what_has_lost_digits_or_is_no_id_is_malformed(self, value: object) -> None:
        with pytest.raises(Malformed):
            fields.identifier(value, "id")

    @pytest.mark.parametrize(
        ("value", "found"), [(0, None), ("0", None), (None, None), ([], None), (7, "7"), ("a/b", "a/b")]
    )
    def test_zero_is_nobody(self, value: object, found: str | None) -> None:
        assert fields.optional_id(value) == found


class TestAmount:
    @pytest.mark.parametrize(
        ("value", "currency", "minor"),
        [
            ("195.66", "USD", 19566),
            (195.66, "USD", 19566),
            (3, "EUR", 300),
            ("-10.00", "EUR", -1000),
            (" 5 ", "JPY", 5),
        ],
    )
    def test_amounts_are_exact(self, value: object, currency: str, minor: int) -> None:
        assert fields.minor(value, currency, "total") == minor

    def test_finer_than_the_currency_is_rounded_half_even(self) -> None:
        assert [fields.minor(text, "JPY", "total") for text in ("1200.5", "1201.5")] == [1200, 1202]

    @pytest.mark.parametrize("value", ODD)
    def test_what_is_no_amount_is_malformed(self, value: object) -> None:
        with pytest.raises(Malformed):
            fields.minor(value, "USD", "total")

    def test_more_than_can_be_stored_is_malformed(self) -> None:
        with pytest.raises(Malformed) as caught:
            fields.minor("1" + "0" * 17, "USD", "total")
        assert caught.value.code == "too_much"

    @given(st.decimals(-(10**9), 10**9, places=2))
    def test_a_float_means_what_was_written(self, amount: Decimal) -> None:
        assert fields.minor(float(amount), "USD", "total") == int(amount * 100)

    def test_null_and_empty_are_unknown(self) -> None:
        assert fields.optional_minor(None, "USD", "tax") is None
        assert fields.optional_minor("", "USD", "tax") is None
        assert fields.optional_minor("1", "USD", "tax") == 100

    @pytest.mark.parametrize("code", [None, "", "XXX", "example string", 5])
    def test_a_currency_must_exist(self, code: object) -> None:
        with pytest.raises(Malformed):
            fields.currency_of(code, "currency")

    def test_a_currency_is_upper_case(self) -> None:
        assert fields.currency_of("eur", "currency") == "EUR"


class TestTime:
    def test_offsets_are_understood(self) -> None:
        assert fields.instant("2026-11-02T09:15:01+08:00", "t") == datetime(2026, 11, 2, 1, 15, 1, tzinfo=UTC)
        assert fields.instant("2019-01-01 00:00:00.000Z", "t") == datetime(2019, 1, 1, tzinfo=UTC)

    def test_a_time_without_offset_needs_a_field_known_to_be_utc(self) -> None:
        assert fields.instant("2026-11-02T09:00:00", "t", naive_is_utc=True) == datetime(2026, 11, 2, 9, tzinfo=UTC)
        with pytest.raises(Malformed, match="offset"):
            fields.instant("2026-11-02T09:00:00", "t")

    @pytest.mark.parametrize(
        "value", [None, "", "soon", 5, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "1899-12-31T00:00:00Z"]
    )
    def test_what_is_no_time_is_malformed(self, value: object) -> None:
        with pytest.raises(Malformed):
            fields.instant(value, "t")

    def test_null_and_empty_are_unknown(self) -> None:
        assert fields.optional_instant(None, "t") is None
        assert fields.optional_instant("", "t") is None


def test_words_come_once_and_in_order() -> None:
    assert fields.words("VIP, 常客,VIP,, ") == ("VIP", "常客")
    assert fields.words(None) == ()


def test_what_is_no_object_or_array_is_empty() -> None:
    assert fields.part([1]) == {}
    assert fields.rows({"a": 1}) == []
    assert fields.rows([1, {"a": 1}]) == [{"a": 1}]
