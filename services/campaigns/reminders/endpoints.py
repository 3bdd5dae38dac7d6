"""`/v1/reminders`."""

from functools import partial
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.campaigns.customers.dependencies import CustomersDep
from services.campaigns.reminders.dependencies import RemindersDep
from services.campaigns.reminders.errors import ReminderNotInThatState
from services.campaigns.reminders.readings import shown
from services.campaigns.reminders.schemas import (
    CompleteCommand,
    Embedding,
    ReassignCommand,
    ReminderCreate,
    ReminderPage,
    ReminderQuery,
    ReminderRead,
    RemindersBatchCommand,
    ReopenCommand,
    SkipCommand,
    SnoozeCommand,
)
from services.kit.problems import Problem
from services.kit.web import (
    BindingDep,
    CallerDep,
    LocaleDep,
    ReadSession,
    Router,
    WriteSession,
    operation,
    set_etag,
)
from services.kit.web.batches import BatchAborted, BatchRead
from services.kit.web.batching import Atomic, answer_batch
from services.kit.web.change import ChangeDep, CreationDep
from services.kit.web.operation import ON_ID

if TYPE_CHECKING:
    import asyncpg

router = Router(prefix="/v1/reminders", tags=["care"])
ReminderId = Annotated[UUID, Path(description="Id of the reminder.")]
WORK = operation(scopes=["reminders:write"], problems=[*ON_ID, ReminderNotInThatState], fill_names=True)


@router.post("", status_code=201, **operation(scopes=["reminders:write"], fill_names=True))
async def create_reminder(
    body: ReminderCreate, reminders: RemindersDep, change: CreationDep, locale: LocaleDep
) -> ReminderRead:
    """Set a reminder by hand: what to do about a customer, and until when."""
    [made] = await reminders.set_by_hand(change.session, change.caller, [body])
    if isinstance(made, Problem):
        raise made
    change.done(made["version"], created_at=f"/v1/reminders/{made['id']}")
    row = await reminders.read(change.session, None, made["id"])
    return shown(row, locale)


@router.post(
    "/batch", status_code=207, **operation(scopes=["reminders:write"], problems=[BatchAborted], max_body=8_388_608)
)
async def create_reminders_batch(
    body: RemindersBatchCommand,
    session: WriteSession,
    reminders: RemindersDep,
    caller: CallerDep,
    request: Request,
    atomic: Atomic = False,
) -> BatchRead:
    """Set up to 1,000 reminders; each is judged on its own unless `atomic`."""
    create = partial(reminders.set_by_hand, session, caller)
    return await answer_batch(
        request, body.items, create, lambda made: (201, made["id"], made["version"]), atomic=atomic
    )


@router.get("", **operation(scopes=["reminders:read"], fill_names=True))
async def list_reminders(
    query: Annotated[ReminderQuery, Query()],
    session: ReadSession,
    reminders: RemindersDep,
    customers: CustomersDep,
    caller: CallerDep,
    bound: BindingDep,
    locale: LocaleDep,
) -> ReminderPage:
    """List reminders: what is due for whom, by customer, rep, state, rule and due time."""
    rows = await reminders.page(session, caller, query, bound)
    about = [row["customer_id"] for row in rows.items]
    summaries = await customers.summaries(session, caller, about, query.include)
    items = [shown(row, locale, summaries) for row in rows.items]
    return ReminderPage(items=items, next_cursor=rows.next_cursor, count=rows.count)


@router.get("/{reminder_id}", **operation(scopes=["reminders:read"], problems=ON_ID, fill_names=True))
async def read_reminder(
    reminder_id: ReminderId,
    embed: Annotated[Embedding, Query()],
    session: ReadSession,
    reminders: RemindersDep,
    customers: CustomersDep,
    caller: CallerDep,
    locale: LocaleDep,
    response: Response,
) -> ReminderRead:
    """Read a reminder: whom to care for, why, by when, through which channel and at what hour."""
    row = await reminders.read(session, caller, reminder_id)
    if not embed.include:  # what is embedded changes without the row
        set_etag(response, row["version"])
    return shown(row, locale, await customers.summaries(session, caller, [row["customer_id"]], embed.include))


@router.post("/{reminder_id}/complete", **WORK)
async def complete_reminder(
    reminder_id: ReminderId, body: CompleteCommand, reminders: RemindersDep, change: ChangeDep, locale: LocaleDep
) -> ReminderRead:
    """Complete a reminder. What came of it is also written as an interaction, once, whatever fails meanwhile."""
    row = await reminders.complete(change.session, change.caller, reminder_id, body, change.wanted)
    return answer(row, locale, change.response)


@router.post("/{reminder_id}/snooze", **WORK)
async def snooze_reminder(
    reminder_id: ReminderId, body: SnoozeCommand, reminders: RemindersDep, change: ChangeDep, locale: LocaleDep
) -> ReminderRead:
    """Let a reminder rest until a time; it opens again by itself."""
    row = await reminders.snooze(change.session, change.caller, reminder_id, body.until, change.wanted)
    return answer(row, locale, change.response)


@router.post("/{reminder_id}/skip", **WORK)
async def skip_reminder(
    reminder_id: ReminderId, body: SkipCommand, reminders: RemindersDep, change: ChangeDep, locale: LocaleDep
) -> ReminderRead:
    """Close a reminder without doing anything, and say why."""
    row = await reminders.skip(change.session, change.caller, reminder_id, body, change.wanted)
    return answer(row, locale, change.response)


@router.post("/{reminder_id}/reassign", **WORK)
async def reassign_reminder(
    reminder_id: ReminderId, body: ReassignCommand, reminders: RemindersDep, change: ChangeDep, locale: LocaleDep
) -> ReminderRead:
    """Give a reminder to another rep; it then no longer follows the customer's own rep."""
    row = await reminders.reassign(change.session, change.caller, reminder_id, body.rep_id, change.wanted)
    return answer(row, locale, change.response)


@router.post("/{reminder_id}/reopen", **WORK)
async def reopen_reminder(
    reminder_id: ReminderId, body: ReopenCommand, reminders: RemindersDep, change: ChangeDep, locale: LocaleDep
) -> ReminderRead:
    """Take back a completion or a skip within 24 hours; an interaction that was written stays."""
    del body
    row = await reminders.reopen(change.session, change.caller, reminder_id, change.wanted)
    return answer(row, locale, change.response)


def answer(row: "asyncpg.Record", locale: str, response: Response) -> ReminderRead:
    """Return a reminder with its version as ETag."""
    set_etag(response, row["version"])
    return shown(row, locale)
