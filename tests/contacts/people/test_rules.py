"""How names, addresses, numbers and birthdays are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contacts.people import rules


@pytest.mark.parametrize(
    ("given_name", "family_name", "shown"),
    [
        ("Ann", "Lee", "Ann Lee"),
        ("小明", "王", "王小明"),
        ("太郎", "山田", "山田太郎"),
        ("민준", "김", "김민준"),
        ("Anna", "王", "Anna 王"),
        (None, "王", "王"),
        ("Ann", None, "Ann"),
        ("", "", None),
        (None, None, None),
    ],
)
def test_a_display_name_follows_the_script(given_name: str | None, family_name: str | None, shown: str | None) -> None:
    assert rules.display_name(given_name, family_name) == shown


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        (" ann@example.com ", "ann@example.com"),
        ("ü@München.de", "ü@münchen.de"),
        ("e\u0301@example.com", "é@example.com"),
        ("desk@shop.local", "desk@shop.local"),
        ("desk@shop.test", "desk@shop.test"),
    ],
)
def test_an_email_address_has_one_spelling(written: str, stored: str) -> None:
    assert rules.normalise_email(written) == stored


@pytest.mark.parametrize(
    "text", ["", "ann", "ann@", "@example.com", "a b@example.com", "ann@localhost", "a" * 250 + "@x.io"]
)
def test_what_is_no_email_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="e-mail address"):
        rules.normalise_email(text)


@given(st.from_regex(r"[a-zA-Z0-9]{1,20}@[a-zA-Z0-9]{1,20}\.(com|tw)", fullmatch=True))
def test_normalising_an_email_address_twice_changes_nothing(text: str) -> None:
    once = rules.normalise_email(text)
    assert rules.normalise_email(once) == once


@pytest.mark.parametrize(
    ("written", "region", "stored"),
    [
        ("+886 912 345 678", None, "+886912345678"),
        ("0912-345-678", "TW", "+886912345678"),
        ("+886912345678", "DE", "+886912345678"),
        ("+８８６ ９１２ ３４５ ６７８", None, "+886912345678"),
        ("+49 30 1234 567 ext. 5", None, "+49301234567"),
    ],
)
def test_a_phone_number_is_stored_as_e164(written: str, region: str | None, stored: str) -> None:
    assert rules.normalise_phone(written, region) == stored


@pytest.mark.parametrize(("text", "region"), [("0912345678", None), ("call me", "TW"), ("+1", None), ("12", "TW")])
def test_what_is_no_phone_number_is_refused(text: str, region: str | None) -> None:
    with pytest.raises(ValueError, match="phone number"):
        rules.normalise_phone(text, region)


@pytest.mark.parametrize("text", ["1990-05-17", "--05-17", "--02-29", "2000-02-29"])
def test_birthdays_with_and_without_a_year(text: str) -> None:
    assert rules.check_birthday(text) == text


@pytest.mark.parametrize("text", ["1990-02-30", "1999-02-29", "--13-01", "-05-17", "05-17", "1990-5-17", "0000-01-01"])
def test_days_that_do_not_exist_are_no_birthdays(text: str) -> None:
    with pytest.raises(ValueError, match=r"birthday|no such day"):
        rules.check_birthday(text)


@pytest.mark.parametrize("text", ["00:00", "09:30", "23:59", "24:00"])
def test_times_of_day(text: str) -> None:
    assert rules.check_clock_time(text) == text


@pytest.mark.parametrize("text", ["24:01", "9:00", "09:60", "noon"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="HH:MM"):
        rules.check_clock_time(text)


def test_tags_keep_their_order_and_lose_repetitions() -> None:
    assert rules.clean_tags(["vip", " tea ", "vip"]) == ["vip", "tea"]


def test_tags_are_added_and_removed_in_one_step() -> None:
    assert rules.change_tags(["a", "b"], add=["c", "a"], remove=["b", "c"]) == ["a"]
