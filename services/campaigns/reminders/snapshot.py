"""The snapshot of reminders, for followers that cannot go on from the feed alone."""

from uuid import UUID

from services.campaigns.reminders import repository
from services.campaigns.reminders.service import event_of
from services.kit.database import Session
from services.kit.feeds import SnapshotPage


class ReminderSnapshot:
    """Every reminder, as its last change told it."""

    stream = "reminders"

    async def page(self, session: Session, after: str | None, limit: int) -> SnapshotPage:
        """Return the reminders after a place, by workspace and id."""
        workspace_id, reminder_id = map(UUID, after.split(":")) if after else (UUID(int=0), UUID(int=0))
        rows = await repository.all_after(session, workspace_id, reminder_id, limit)
        last = f"{rows[-1]['workspace_id']}:{rows[-1]['id']}" if len(rows) == limit else None
        return SnapshotPage([(row["workspace_id"], event_of(row)) for row in rows], last)
