"""Every text of scoring has words in every language, and they fit the values they are given."""

import pytest

from services.kit.texts import SHIPPED
from services.scoring.wording import CATALOGUE, reason_words, shown, words


@pytest.mark.parametrize("locale", SHIPPED)
def test_no_text_is_missing(locale: str) -> None:
    assert not CATALOGUE.missing(locale)


def test_money_and_days_become_readable() -> None:
    assert shown({"net_minor": 12_345, "last_day": 739_942, "silence": 3, "average_minor": None}, "TWD") == {
        "net": {"amount": "123.45", "currency": "TWD"},
        "last": "2026-11-22",
        "silence": 3,
        "average": None,
    }


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("en", "NT$350.00 more net revenue by Nov 22, 2026"), ("zh-Hant", "在 2026年11月22日 前再增加淨營收 $350.00")],
)
def test_texts_in_the_readers_way(locale: str, expected: str) -> None:
    assert words("needs.net_revenue", {"more_minor": 35_000, "by_day": 739_942}, "TWD", locale) == expected


def test_labels_in_texts_have_words_of_their_own() -> None:
    params = {"tier": "gold", "entry": "bronze"}
    assert "金級" in reason_words("value_tier", "held", params, "TWD", "zh-Hant")


def test_reasons_that_all_kinds_share() -> None:
    assert reason_words("rfm", "internal", {}, "TWD", "en") == "One of our own, so not scored"
