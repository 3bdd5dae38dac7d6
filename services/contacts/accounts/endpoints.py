"""Accounts over HTTP."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.contacts.accounts.dependencies import AccountsDep
from services.contacts.accounts.errors import AccountExists, AccountMerged
from services.contacts.accounts.queries import conditions
from services.contacts.accounts.schemas import (
    AccountCreate,
    AccountLookupCommand,
    AccountPage,
    AccountQuery,
    AccountRead,
    AccountsBatchCommand,
    AccountUpdate,
    AccountUpsert,
)
from services.contacts.accounts.views import account_of, page_of
from services.contacts.activity.service import activity_of
from services.contacts.external_path import ExternalPath
from services.contacts.parameters import Embed, MatchRule, Reach
from services.contacts.vocabulary import TagsCommand
from services.contacts.written import Written
from services.kit.problems import NotFound, PreconditionFailed
from services.kit.web import BindingDep, CallerDep, ReadSession, Router, WriteSession, operation, set_etag
from services.kit.web.batches import BatchAborted, BatchRead
from services.kit.web.batching import Atomic, answer_batch
from services.kit.web.change import Change, ChangeDep, CreationDep

router = Router(prefix="/v1/accounts", tags=["accounts"])

AccountId = Annotated[UUID, Path(description="Id of the account.")]
CHANGE = operation(scopes=["accounts:write"], problems=(NotFound, PreconditionFailed, AccountExists, AccountMerged))


def answer(change: Change, written: Written) -> AccountRead:
    """Return a written account with the headers that go with it."""
    address = f"/v1/accounts/{written.row['id']}" if written.created else None
    change.done(written.row["version"], created_at=address, unchanged=written.unchanged)
    return account_of(written.row)


@router.post(
    "",
    status_code=201,
    **operation(
        scopes=["accounts:write"],
        problems=[AccountExists],
        responses={200: {"model": AccountRead, "description": "Known already, and linked"}},
    ),
)
async def create_account(
    body: AccountCreate, accounts: AccountsDep, change: CreationDep, on_match: MatchRule = "reject"
) -> AccountRead:
    """Create an account. An external id that is known already answers 409, or 200 with `on_match=link`."""
    change.response.status_code = 200
    return answer(change, await accounts.create(change.session, change.caller, body, on_match))


@router.get("", **operation(scopes=["accounts:read"]))
async def list_accounts(
    query: Annotated[AccountQuery, Query()],
    accounts: AccountsDep,
    session: ReadSession,
    caller: CallerDep,
    bound: BindingDep,
) -> AccountPage:
    """List accounts, newest first."""
    rows = await accounts.rows.page(session, conditions(query, caller), query, bound, query.sort)
    activity = await activity_of(session, caller, [row["id"] for row in rows.items], query.include)
    return page_of(rows.items, rows.next_cursor, rows.count, activity)


@router.post("/lookup", **operation(scopes=["accounts:read"]))
async def lookup_account(
    body: AccountLookupCommand, accounts: AccountsDep, session: WriteSession, caller: CallerDep
) -> AccountPage:
    """Find an account by the id under which another system knows it."""
    found = await accounts.look_up(session, caller, body.external_id)
    return page_of(found, None, None)


@router.post(
    "/batch", status_code=207, **operation(scopes=["accounts:write"], problems=[BatchAborted], max_body=8_388_608)
)
async def create_accounts_batch(
    body: AccountsBatchCommand,
    accounts: AccountsDep,
    session: WriteSession,
    caller: CallerDep,
    request: Request,
    on_match: MatchRule = "reject",
    atomic: Atomic = False,
    effects: Reach = "all",
) -> BatchRead:
    """Create up to 1,000 accounts; each is judged on its own unless `atomic`."""
    create = partial(accounts.create_many, session, caller, on_match=on_match, effects=effects)
    return await answer_batch(request, body.items, create, lambda written: written.line, atomic=atomic)


@router.put(
    "/external/{source}/{external_id:path}",
    **operation(
        scopes=["accounts:write"],
        problems=[NotFound, PreconditionFailed, AccountExists, AccountMerged],
        responses={201: {"model": AccountRead, "description": "Created"}},
    ),
)
async def upsert_account(
    key: ExternalPath, body: AccountUpsert, accounts: AccountsDep, change: ChangeDep
) -> AccountRead:
    """Create the account that another system names so, or change the fields that were sent."""
    return answer(change, await accounts.upsert(change.session, change.caller, key, body, change.wanted))


@router.get("/{account_id}", **operation(scopes=["accounts:read"], problems=[NotFound]))
async def read_account(
    account_id: AccountId,
    accounts: AccountsDep,
    session: ReadSession,
    caller: CallerDep,
    response: Response,
    embed: Embed,
) -> AccountRead:
    """Read an account. The id of one that was joined into another answers with the other and Content-Location."""
    row = await accounts.read(session, caller, account_id)
    if not embed.include:  # what is embedded changes without the row
        set_etag(response, row["version"])
    if row["id"] != account_id:
        response.headers["Content-Location"] = f"/v1/accounts/{row['id']}"
    return account_of(row, await activity_of(session, caller, [row["id"]], embed.include))


@router.patch("/{account_id}", **CHANGE)
async def update_account(
    account_id: AccountId, body: AccountUpdate, accounts: AccountsDep, change: ChangeDep
) -> AccountRead:
    """Change an account by merge patch: fields that are sent replace, null empties, all else stays."""
    return answer(change, await accounts.change(change.session, change.caller, account_id, body, change.wanted))


@router.delete("/{account_id}", status_code=204, **CHANGE)
async def delete_account(account_id: AccountId, accounts: AccountsDep, change: ChangeDep) -> None:
    """Delete an account. The row stays listed with `deleted=true`; what comes with an external id of it is new."""
    await accounts.delete(change.session, change.caller, account_id, change.wanted)


@router.post("/{account_id}/tags", **CHANGE)
async def change_account_tags(
    account_id: AccountId, body: TagsCommand, accounts: AccountsDep, change: ChangeDep
) -> AccountRead:
    """Add and remove tags of an account, without a race against other changes."""
    return answer(change, await accounts.change_tags(change.session, change.caller, account_id, body, change.wanted))
