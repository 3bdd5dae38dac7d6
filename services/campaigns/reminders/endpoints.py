"""`/v1/reminders`."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from services.campaigns.reminders.dependencies import RemindersDep
from services.campaigns.reminders.errors import ReminderNotInThatState
from services.campaigns.reminders.readings import shown
from services.campaigns.reminders.schemas import (
    CompleteCommand,
    ReassignCommand,
    ReminderPage,
    ReminderQuery,
    ReminderRead,
    ReopenCommand,
    SkipCommand,
    SnoozeCommand,
)
from services.kit.web import (
    BindingDep,
    CallerDep,
    IfMatch,
    LocaleDep,
    ReadSession,
    Router,
    WriteSession,
    operation,
    set_etag,
)
from services.kit.web.operation import ON_ID, ON_VERSION

if TYPE_CHECKING:
    import asyncpg

router = Router(prefix="/v1/reminders", tags=["care"])
ReminderId = Annotated[UUID, Path(description="Id of the reminder.")]
WORK = operation(scopes=["reminders:write"], problems=[*ON_ID, *ON_VERSION, ReminderNotInThatState], fill_names=True)


@router.get("", **operation(scopes=["reminders:read"], fill_names=True))
async def list_reminders(
    query: Annotated[ReminderQuery, Query()],
    session: ReadSession,
    reminders: RemindersDep,
    caller: CallerDep,
    bound: BindingDep,
    locale: LocaleDep,
) -> ReminderPage:
    """List reminders: what is due for whom, by customer, rep, state, rule and due time."""
    rows = await reminders.page(session, caller, query, bound)
    return ReminderPage(
        items=[shown(row, locale) for row in rows.items], next_cursor=rows.next_cursor, count=rows.count
    )


@router.get("/{reminder_id}", **operation(scopes=["reminders:read"], problems=ON_ID, fill_names=True))
async def read_reminder(
    reminder_id: ReminderId,
    session: ReadSession,
    reminders: RemindersDep,
    caller: CallerDep,
    locale: LocaleDep,
    response: Response,
) -> ReminderRead:
    """Read a reminder: whom to care for, why, by when, through which channel and at what hour."""
    return answer(await reminders.read(session, caller, reminder_id), locale, response)


@router.post("/{reminder_id}/complete", **WORK)
async def complete_reminder(
    reminder_id: ReminderId,
    body: CompleteCommand,
    session: WriteSession,
    reminders: RemindersDep,
    caller: CallerDep,
    version: IfMatch,
    locale: LocaleDep,
    response: Response,
) -> ReminderRead:
    """Complete a reminder. What came of it is also written as an interaction, once, whatever fails meanwhile."""
    return answer(await reminders.complete(session, caller, reminder_id, body, version), locale, response)


@router.post("/{reminder_id}/snooze", **WORK)
async def snooze_reminder(
    reminder_id: ReminderId,
    body: SnoozeCommand,
    session: WriteSession,
    reminders: RemindersDep,
    caller: CallerDep,
    version: IfMatch,
    locale: LocaleDep,
    response: Response,
) -> ReminderRead:
    """Let a reminder rest until a time; it opens again by itself."""
    return answer(await reminders.snooze(session, caller, reminder_id, body.until, version), locale, response)


@router.post("/{reminder_id}/skip", **WORK)
async def skip_reminder(
    reminder_id: ReminderId,
    body: SkipCommand,
    session: WriteSession,
    reminders: RemindersDep,
    caller: CallerDep,
    version: IfMatch,
    locale: LocaleDep,
    response: Response,
) -> ReminderRead:
    """Close a reminder without doing anything, and say why."""
    return answer(await reminders.skip(session, caller, reminder_id, body, version), locale, response)


@router.post("/{reminder_id}/reassign", **WORK)
async def reassign_reminder(
    reminder_id: ReminderId,
    body: ReassignCommand,
    session: WriteSession,
    reminders: RemindersDep,
    caller: CallerDep,
    version: IfMatch,
    locale: LocaleDep,
    response: Response,
) -> ReminderRead:
    """Give a reminder to another rep; it then no longer follows the customer's own rep."""
    return answer(await reminders.reassign(session, caller, reminder_id, body.rep_id, version), locale, response)


@router.post("/{reminder_id}/reopen", **WORK)
async def reopen_reminder(
    reminder_id: ReminderId,
    body: ReopenCommand,
    session: WriteSession,
    reminders: RemindersDep,
    caller: CallerDep,
    version: IfMatch,
    locale: LocaleDep,
    response: Response,
) -> ReminderRead:
    """Take back a completion or a skip within 24 hours; an interaction that was written stays."""
    del body
    return answer(await reminders.reopen(session, caller, reminder_id, version), locale, response)


def answer(row: "asyncpg.Record", locale: str, response: Response) -> ReminderRead:
    """Return a reminder with its version as ETag."""
    set_etag(response, row["version"])
    return shown(row, locale)
