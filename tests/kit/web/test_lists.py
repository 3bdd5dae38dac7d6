"""Lists: pages of any size hold every row once, in one order, whatever values rows share or lack."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import pytest

from services.kit.database import Database
from services.kit.web.lists import Binding, Listing, ListQuery, Sort, Where

BOUND = Binding(b"key", b"scope")
VALUES = [0] * 40 + [7] * 3 + [-2, 5, 9] + [None] * 11
ROWS = [(UUID(int=place * 37 % 101), value) for place, value in enumerate(VALUES)]
"""Ids that have nothing to do with the values."""
SOURCE = ", ".join(f"('{row_id}'::uuid, {'NULL' if value is None else value}::bigint)" for row_id, value in ROWS)


def listing(*, mirrored: bool) -> Listing:
    """Return the list of the rows."""
    sorts = {"value": Sort("r.value", "bigint", nullable=True, mirrored=mirrored)}
    return Listing(columns="r.id", source=f"(VALUES {SOURCE}) AS r (id, value)", sorts=sorts, id_column="r.id")


def in_order(sort: str, *, mirrored: bool) -> list[UUID]:
    """Return the ids in the order of the list: rows without a value are last."""
    down = sort.startswith("-")
    rows = sorted(ROWS, key=lambda row: row[0], reverse=down != mirrored)
    rows.sort(key=lambda row: row[1] or 0, reverse=down)
    return [row_id for row_id, value in rows if value is not None] + [row_id for row_id, value in rows if value is None]


async def read(database: Database, rows: Listing, sort: str, limit: int) -> Sequence[UUID]:
    """Return the ids of all pages."""
    found: list[UUID] = []
    cursor: str | None = None
    while len(found) <= len(ROWS):
        async with database.read(UUID(int=1)) as session:
            page = await rows.fetch(session, Where(), ListQuery(limit=limit, cursor=cursor), BOUND, sort=sort)
        found += [row["id"] for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    return found


@pytest.mark.parametrize("limit", [1, 7, 40, 200])
@pytest.mark.parametrize("sort", ["value", "-value"])
@pytest.mark.parametrize("mirrored", [False, True], ids=["plain", "mirrored"])
async def test_pages_hold_every_row_once_in_order(
    database_for: Callable[[str], Awaitable[Database]], mirrored: bool, sort: str, limit: int
) -> None:
    found = await read(await database_for("contacts"), listing(mirrored=mirrored), sort, limit)
    assert found == in_order(sort, mirrored=mirrored)


def test_of_a_mirrored_sort_ids_ascend_where_values_descend() -> None:
    down, up = in_order("-value", mirrored=True), in_order("value", mirrored=True)
    assert down[:5] == [row_id for value in (9, 7, 5) for row_id in sorted(one for one, own in ROWS if own == value)]
    assert up[:46] == down[:46][::-1]
    assert up[46:] == down[46:][::-1]
