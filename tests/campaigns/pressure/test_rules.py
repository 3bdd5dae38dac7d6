"""Hours and ceilings of contact (scoring 11.15; S054, S056, S222, S224)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.pressure.rules import (
    CEILING,
    CEILING_DAYS,
    DAYS,
    Habits,
    Window,
    contact_moment,
    has_room,
    read_windows,
    zone_of,
)

TAIPEI = ZoneInfo("Asia/Taipei")
SUNDAY = datetime(2026, 11, 22, 4, tzinfo=UTC)
"""Noon on a Sunday in Taipei."""


def local(moment: datetime) -> str:
    return moment.astimezone(TAIPEI).strftime("%a %d %H:%M")


class TestContactMoment:
    def test_without_wishes_or_habits_it_is_ten_o_clock(self) -> None:
        assert local(contact_moment(SUNDAY, Habits(TAIPEI))) == "Mon 23 10:00"
        assert local(contact_moment(SUNDAY - timedelta(hours=4), Habits(TAIPEI))) == "Sun 22 10:00"

    def test_the_best_hour_wins(self) -> None:
        assert local(contact_moment(SUNDAY, Habits(TAIPEI, best_hour=18))) == "Sun 22 18:00"

    @pytest.mark.parametrize("hour", [3, 8, 21, 23])
    def test_a_best_hour_in_the_quiet_hours_is_not_used(self, hour: int) -> None:
        assert local(contact_moment(SUNDAY, Habits(TAIPEI, best_hour=hour))) == "Mon 23 10:00"

    def test_wished_hours_set_day_and_hour(self) -> None:
        wishes = read_windows([{"days": ["wed", "fri"], "from": "14:00", "to": "17:00"}])
        assert local(contact_moment(SUNDAY, Habits(TAIPEI, wishes))) == "Wed 25 14:00"

    def test_the_best_hour_counts_only_inside_the_wished_hours(self) -> None:
        wishes = read_windows([{"days": ["wed"], "from": "14:00", "to": "17:00"}])
        assert local(contact_moment(SUNDAY, Habits(TAIPEI, wishes, best_hour=16))) == "Wed 25 16:00"
        assert local(contact_moment(SUNDAY, Habits(TAIPEI, wishes, best_hour=11))) == "Wed 25 14:00"

    def test_a_full_week_moves_it_to_the_first_day_with_room(self) -> None:
        touched = [date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)]
        assert local(contact_moment(SUNDAY, Habits(TAIPEI, touch_days=touched))) == "Fri 27 10:00"

    @given(
        wanted=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC)),  # noqa: DTZ001 - made aware here
        zone=st.sampled_from(sorted(available_timezones())),
        best=st.none() | st.integers(0, 23),
        hours=st.lists(
            st.fixed_dictionaries(
                {
                    "days": st.lists(st.sampled_from(DAYS), min_size=1, max_size=7),
                    "from": st.sampled_from(["00:00", "08:30", "12:00", "20:00"]),
                    "to": st.sampled_from(["09:00", "12:30", "21:30", "24:00"]),
                }
            ),
            max_size=2,
        ),
        touches=st.lists(st.integers(-10, 30), max_size=12),
    )
    def test_it_is_never_earlier_than_wanted_nor_quiet_nor_past_the_ceiling(
        self,
        wanted: datetime,
        zone: str,
        best: int | None,
        hours: list[dict[str, object]],
        touches: list[int],
    ) -> None:
        where = ZoneInfo(zone)
        days = [wanted.astimezone(where).date() + timedelta(days=day) for day in touches]
        moment = contact_moment(wanted, Habits(where, read_windows(hours), best, days))
        assert moment >= wanted
        assert time(9) <= moment.astimezone(where).time() < time(21)
        assert has_room(moment.astimezone(where).date(), days)


class TestRoom:
    @given(st.lists(st.integers(0, 20), max_size=10), st.integers(0, 20))
    def test_there_is_room_exactly_if_no_seven_days_then_hold_more_than_three(
        self, touches: list[int], day: int
    ) -> None:
        start = date(2026, 1, 1)
        days = [start + timedelta(days=one) for one in touches]
        after = [*touches, day]
        fullest = max(
            sum(first <= one < first + CEILING_DAYS for one in after)
            for first in range(day - CEILING_DAYS + 1, day + 1)
        )
        assert has_room(start + timedelta(days=day), days) is (fullest <= CEILING)


class TestWindows:
    def test_hours_are_cut_to_those_that_are_not_quiet(self) -> None:
        assert read_windows([{"days": ["mon"], "from": "07:00", "to": "24:00"}]) == (
            Window(frozenset({0}), time(9), time(21)),
        )

    def test_hours_that_are_all_quiet_fall_away(self) -> None:
        assert read_windows([{"days": ["mon"], "from": "22:00", "to": "23:00"}]) == ()

    def test_without_days_they_hold_every_day_and_they_are_sorted_by_start(self) -> None:
        first, second = read_windows([{"from": "15:00", "to": "16:00"}, {"from": "10:00", "to": "11:00"}])
        assert first.start == time(10)
        assert second.weekdays == frozenset(range(7))


@pytest.mark.parametrize(
    ("names", "zone"),
    [
        (("Asia/Tokyo", "Asia/Taipei"), "Asia/Tokyo"),
        ((None, "Asia/Taipei"), "Asia/Taipei"),
        (("Mars/Phobos", "Asia/Taipei"), "Asia/Taipei"),
        (("../etc/passwd", None), "UTC"),
        ((), "UTC"),
    ],
)
def test_the_zone_is_the_customers_else_the_workspaces_else_utc(names: tuple[str | None, ...], zone: str) -> None:
    assert zone_of(*names).key == zone
