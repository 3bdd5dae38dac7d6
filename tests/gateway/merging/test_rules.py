"""Merging pages of several services shows every item once and in order."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from gateway.merging.rules import Key, Stream, comes_after, key_of, take_next

START = datetime(2026, 11, 22, tzinfo=UTC)


def item(number: int) -> dict[str, Any]:
    # Several share an instant, and only some have fractions of a second: text would sort them wrongly.
    at = START + timedelta(seconds=number // 3, milliseconds=500 * (number % 2))
    return {"id": str(UUID(int=number)), "created_at": at.isoformat().replace("+00:00", "Z")}


def page(items: list[dict[str, Any]], cursor: str | None, size: int) -> tuple[list[dict[str, Any]], str | None]:
    start = int(cursor or 0)
    end = start + size
    return items[start:end], str(end) if end < len(items) else None


def fill(streams: dict[str, Stream], all_items: dict[str, list[dict[str, Any]]], size: int, after: Key | None) -> None:
    while dry := [name for name, stream in streams.items() if stream.is_dry]:
        for name in dry:
            stream = streams[name]
            if stream.next_cursor is not None:
                stream.advance()
            found, following = page(all_items[name], stream.cursor, size)
            stream.load(found, following, after, down=True)


@given(st.lists(st.sampled_from("abc"), max_size=40), st.integers(min_value=1, max_value=5), st.integers(1, 7))
def test_every_item_is_shown_once_and_in_order_whatever_the_pages(owners: list[str], size: int, limit: int) -> None:
    everything = sorted(map(item, range(len(owners))), key=lambda one: key_of(one, "created_at"), reverse=True)
    by_owner = dict(zip((item(number)["id"] for number in range(len(owners))), owners, strict=True))
    all_items = {name: [one for one in everything if by_owner[one["id"]] == name] for name in "abc"}
    shown: list[dict[str, Any]] = []
    after: Key | None = None
    places: dict[str, str | None] = dict.fromkeys("abc")
    while True:
        streams = {name: Stream("created_at", cursor=place) for name, place in places.items()}
        taken = 0
        while taken < limit:
            fill(streams, all_items, size, after)
            found = take_next(streams, down=True)
            if found is None:
                break
            after, taken = key_of(found, "created_at"), taken + 1
            shown.append(found)
        places = {name: stream.cursor for name, stream in streams.items()}
        if taken < limit:
            break
    assert shown == everything


def test_order_goes_by_instant_not_by_text() -> None:
    whole, half = ({"id": str(UUID(int=1)), "created_at": f"2026-11-22T04:00:00{end}"} for end in ("Z", ".5Z"))
    assert comes_after(key_of(whole, "created_at"), key_of(half, "created_at"), down=True)
    assert comes_after(key_of(half, "created_at"), key_of(whole, "created_at"), down=False)
