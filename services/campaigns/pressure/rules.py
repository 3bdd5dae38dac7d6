"""When a customer may be contacted: local hours, wishes, habits, and a ceiling on touches (scoring 11.15)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

QUIET_UNTIL = time(9)
QUIET_FROM = time(21)
"""Nobody is contacted before 09:00 or from 21:00 on, in the customer's own zone."""

DEFAULT_TIME = time(10)
CEILING = 3
CEILING_DAYS = 7
"""At most three touches in any seven local days."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
END_OF_DAY = "24:00"


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of some weekdays (0 = Monday) in which the customer likes to hear from us; `end` is not in it."""

    weekdays: frozenset[int]
    start: time
    end: time

    def holds(self, moment: time) -> bool:
        """Tell whether a time of day is in the window."""
        return self.start <= moment < self.end


EVERY_DAY = (Window(frozenset(range(7)), QUIET_UNTIL, QUIET_FROM),)


@dataclass(frozen=True, slots=True)
class Habits:
    """What decides the hour of a contact: zone, wished hours, best hour, and the days that are already taken."""

    zone: ZoneInfo
    windows: Sequence[Window] = ()
    best_hour: int | None = None
    touch_days: Sequence[date] = field(default=())


def zone_of(*names: str | None) -> ZoneInfo:
    """Return the first zone that exists: the customer's, else the workspace's, else UTC."""
    for name in names:
        try:
            if name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def read_windows(contact_hours: Iterable[Mapping[str, object]]) -> tuple[Window, ...]:
    """Return contact hours as windows, cut to the hours that are not quiet; windows that are all quiet fall away."""
    found = []
    for entry in contact_hours:
        start = max(read_time(str(entry["from"])), QUIET_UNTIL)
        end = min(read_time(str(entry["to"])), QUIET_FROM)
        if start < end:
            days = entry.get("days") or DAYS
            found.append(Window(frozenset(DAYS.index(str(day)) for day in days), start, end))  # type: ignore[attr-defined]  # a list of weekday names
    return tuple(sorted(found, key=lambda window: window.start))


def read_time(text: str) -> time:
    """Return a time of day from HH:MM; 24:00 becomes the last moment of the day."""
    return time.max if text == END_OF_DAY else time.fromisoformat(text)


def contact_moment(wanted: datetime, habits: Habits) -> datetime:
    """Return the first moment at or after `wanted` at which the customer may be contacted, in UTC.

    Never in quiet hours, on a day of the wished hours where there are any, at the best hour where it fits them, and
    on a day on which the ceiling on touches leaves room.
    """
    windows = habits.windows or EVERY_DAY
    first = wanted.astimezone(habits.zone).date()
    return next(
        moment
        for day in days_from(first)
        for moment in moments_of(day, windows, habits)
        if moment >= wanted and has_room(day, habits.touch_days)
    )


def days_from(first: date) -> Iterator[date]:
    """Yield a day and all days after it."""
    day = first
    while True:
        yield day
        day += timedelta(days=1)


def moments_of(day: date, windows: Sequence[Window], habits: Habits) -> Iterator[datetime]:
    """Yield the moment of a day at which to contact a customer; nothing where the day has no window."""
    open_now = [window for window in windows if day.weekday() in window.weekdays]
    if open_now:
        local = datetime.combine(day, time_of_day(open_now, habits), tzinfo=habits.zone)
        yield local.astimezone(UTC)


def time_of_day(windows: Sequence[Window], habits: Habits) -> time:
    """Return the best hour if a window holds it, else the wished hours' start, else ten o'clock."""
    if habits.best_hour is not None:
        best = time(habits.best_hour)
        if any(window.holds(best) for window in windows):
            return best
    return windows[0].start if habits.windows else DEFAULT_TIME


def has_room(day: date, touch_days: Iterable[date], ceiling: int = CEILING) -> bool:
    """Tell whether one more touch on a day keeps every seven days in a row within the ceiling."""
    near = sorted(touch for touch in touch_days if abs((touch - day).days) < CEILING_DAYS)
    starts = [day - timedelta(days=back) for back in range(CEILING_DAYS)]
    return all(sum(0 <= (touch - start).days < CEILING_DAYS for touch in near) < ceiling for start in starts)
