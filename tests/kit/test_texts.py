import pytest

from services.kit.texts import Catalogue, best_locale, write_value

TWD = {"amount": "9120.00", "currency": "TWD"}


@pytest.mark.parametrize(
    ("header", "preferences", "locale"),
    [
        ("zh-TW,zh;q=0.9,en;q=0.8", (), "zh-Hant"),
        ("zh-HK", (), "zh-Hant"),
        ("zh-CN", (), "zh-Hans"),
        ("zh-Hant-TW", (), "zh-Hant"),
        ("zh", (), "zh-Hans"),
        ("ja-JP", (), "ja"),
        ("en-GB;q=0.4,ja;q=0.9", (), "ja"),
        ("fr,de", ("zh-Hant",), "zh-Hant"),
        ("fr;q=0,ja;q=0", (), "en"),
        ("*", ("ja",), "ja"),
        ("", (), "en"),
        (None, (None, "zh-TW"), "zh-Hant"),
        (";;;q=x,,", (), "en"),
    ],
)
def test_the_readers_language_is_found(header: str | None, preferences: tuple[str | None, ...], locale: str) -> None:
    assert best_locale(header, *preferences) == locale


@pytest.mark.parametrize(
    ("value", "locale", "words"),
    [
        (TWD, "en", "NT$9,120.00"),
        (TWD, "zh-Hant", "$9,120.00"),
        ({"amount": "5", "currency": "JPY"}, "ja", "￥5"),
        ({"date": "2026-11-22"}, "en", "Nov 22, 2026"),
        ({"date": "2026-11-22"}, "zh-Hant", "2026年11月22日"),
        ({"time": "2026-11-22T17:00:00Z", "zone": "Asia/Taipei"}, "ja", "2026/11/23 1:00"),
        (1234.5, "en", "1,234.5"),
        (None, "en", "–"),
        (True, "en", "True"),
        ({"odd": 1}, "en", "{'odd': 1}"),
    ],
)
def test_values_are_written_the_readers_way(value: object, locale: str, words: str) -> None:
    assert write_value(value, locale) == words


def test_a_code_without_words_shows_itself_instead_of_failing() -> None:
    catalogue = Catalogue("services.kit")
    assert catalogue.render("no_such_code", {}, "ja") == "no_such_code"
