"""What the settings of a workspace may be."""

import pytest

from gateway.workspaces.rules import check_fiscal_year_start, known_time_zone, known_url


@pytest.mark.parametrize("name", ["Asia/Taipei", "UTC", "America/Argentina/Buenos_Aires"])
def test_a_time_zone_has_its_iana_name(name: str) -> None:
    assert known_time_zone(name) == name


@pytest.mark.parametrize("name", ["", "Taipei", "+08:00", "Asia/Atlantis", "../etc/passwd"])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no IANA time zone"):
        known_time_zone(name)


@pytest.mark.parametrize("day", ["01-01", "04-06", "12-31"])
def test_a_fiscal_year_begins_on_a_day_of_every_year(day: str) -> None:
    assert check_fiscal_year_start(day) == day


@pytest.mark.parametrize("day", ["", "1-1", "13-01", "04-31", "02-29", "2026-04-01"])
def test_a_day_that_does_not_come_every_year_is_refused(day: str) -> None:
    with pytest.raises(ValueError, match=r"write MM-DD|day.* range"):
        check_fiscal_year_start(day)


def test_an_address_is_one_that_can_be_called() -> None:
    assert known_url("https://login.example/keys") == "https://login.example/keys"
    with pytest.raises(ValueError, match="write an https address"):
        known_url("ftp://login.example/keys")
