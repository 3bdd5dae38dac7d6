"""Snapshots: the present state of contacts as events, for followers that cannot go on from the feed alone."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.contacts.customer_events import customer_event
from services.contacts.exchange_rates.service import event_of as rate_event
from services.contacts.interactions.service import event_of as interaction_event
from services.contacts.orders.rules import order_event
from services.contacts.reps.service import event_of as rep_event
from services.kit.database import Session
from services.kit.feeds import Publishable, SnapshotPage
from services.kit.problems import bad_parameter

ToEvent = Callable[[dict[str, Any]], Publishable]


class TableSnapshot:
    """Every row of one table or of several, one table after the other, by workspace and id."""

    def __init__(self, stream: str, tables: Mapping[str, ToEvent]) -> None:
        """Take the tables of a stream, each with what makes an event of a row."""
        self.stream = stream
        self._tables = tables

    async def page(self, session: Session, after: str | None, limit: int) -> SnapshotPage:
        """Return the rows after a place, which is written `table:workspace:id`."""
        table, workspace_id, row_id = self._place(after)
        rows = await session.fetch(
            f"SELECT * FROM {table} WHERE (workspace_id, id) > ($1, $2) ORDER BY workspace_id, id LIMIT $3",  # noqa: S608 - a table of ours
            workspace_id,
            row_id,
            limit,
        )
        to_event = self._tables[table]
        events = [(row["workspace_id"], to_event(dict(row))) for row in rows]
        if len(rows) == limit:
            return SnapshotPage(events, f"{table}:{rows[-1]['workspace_id']}:{rows[-1]['id']}")
        return SnapshotPage(events, self._beginning_after(table))

    def _place(self, after: str | None) -> tuple[str, UUID, UUID]:
        if after is None:
            return next(iter(self._tables)), UUID(int=0), UUID(int=0)
        table, _, ids = after.partition(":")
        workspace_id, _, row_id = ids.partition(":")
        try:
            place = table, UUID(workspace_id), UUID(row_id)
        except ValueError:
            place = None
        if place is None or table not in self._tables:
            raise bad_parameter("after", "It is no place in this stream.")
        return place

    def _beginning_after(self, table: str) -> str | None:
        """Return the place before the first row of the next table, None after the last one."""
        names = list(self._tables)
        later = names[names.index(table) + 1 :]
        return f"{later[0]}:{UUID(int=0)}:{UUID(int=0)}" if later else None


def person_event(row: dict[str, Any]) -> Publishable:
    """Return the event of a person; a rebuild moves scores, it starts no care."""
    return customer_event(row, "person", effects="scores")


def account_event(row: dict[str, Any]) -> Publishable:
    """Return the event of an account; a rebuild moves scores, it starts no care."""
    return customer_event(row, "account", effects="scores")


SNAPSHOTS: Sequence[TableSnapshot] = (
    TableSnapshot("customers", {"people": person_event, "accounts": account_event}),
    TableSnapshot("reps", {"reps": rep_event}),
    TableSnapshot("orders", {"orders": order_event}),
    TableSnapshot("interactions", {"interactions": interaction_event}),
    TableSnapshot("exchange_rates", {"exchange_rates": rate_event}),
)
