"""Accounts over HTTP."""

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
from services.contacts.customer_rows import Written
from services.contacts.external_path import ExternalPath
from services.contacts.vocabulary import EffectsName, OnMatch, TagsCommand
from services.kit.problems import NotFound, PreconditionFailed, Problem
from services.kit.web import BindingDep, CallerDep, IfMatch, ReadSession, Router, WriteSession, operation, set_etag
from services.kit.web.batches import BatchAborted, BatchRead, Outcomes, split_faulty

router = Router(prefix="/v1/accounts", tags=["accounts"])

MatchRule = Annotated[
    OnMatch, Query(description="What to do where an external id is known: answer 409, or take the known account.")
]
AccountId = Annotated[UUID, Path(description="Id of the account.")]
CHANGE_PROBLEMS = (NotFound, PreconditionFailed, AccountExists, AccountMerged)


def answer(response: Response, written: Written) -> AccountRead:
    """Return a written account with the headers that go with it."""
    set_etag(response, written.row["version"])
    if written.created:
        response.status_code = 201
        response.headers["Location"] = f"/v1/accounts/{written.row['id']}"
    if written.unchanged:
        response.headers["Kith-Unchanged"] = "true"
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
    body: AccountCreate,
    accounts: AccountsDep,
    session: WriteSession,
    caller: CallerDep,
    response: Response,
    on_match: MatchRule = "reject",
) -> AccountRead:
    """Create an account. An external id that is known already answers 409, or 200 with `on_match=link`."""
    written = await accounts.create(session, caller, body, on_match)
    response.status_code = 200
    return answer(response, written)


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
    return page_of(rows.items, rows.next_cursor, rows.count)


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
    atomic: Annotated[bool, Query(description="Take all items or none.")] = False,
    effects: Annotated[EffectsName, Query(description="How far the new facts reach.")] = "all",
) -> BatchRead:
    """Create up to 1,000 accounts; each is judged on its own unless `atomic`."""
    outcomes = Outcomes(request.app.state.kit.settings.public_url.rstrip("/"), request.url.path)
    fitting = split_faulty(body.items, outcomes)
    found = await accounts.create_many(session, caller, [item for _, item in fitting], on_match, effects=effects)
    for (place, _), one in zip(fitting, found, strict=True):
        if isinstance(one, Problem):
            outcomes.fail(place, one)
        else:
            outcomes.succeed(place, 201 if one.created else 200, one.row["id"], one.row["version"])
    return outcomes.answer(atomic=atomic)


@router.put(
    "/external/{source}/{external_id:path}",
    **operation(
        scopes=["accounts:write"],
        problems=[NotFound, PreconditionFailed, AccountExists, AccountMerged],
        responses={201: {"model": AccountRead, "description": "Created"}},
    ),
)
async def upsert_account(
    key: ExternalPath,
    body: AccountUpsert,
    accounts: AccountsDep,
    session: WriteSession,
    caller: CallerDep,
    wanted: IfMatch,
    response: Response,
) -> AccountRead:
    """Create the account that another system names so, or change the fields that were sent."""
    return answer(response, await accounts.upsert(session, caller, key, body, wanted))


@router.get("/{account_id}", **operation(scopes=["accounts:read"], problems=[NotFound]))
async def read_account(
    account_id: AccountId, accounts: AccountsDep, session: ReadSession, caller: CallerDep, response: Response
) -> AccountRead:
    """Read an account. The id of one that was joined into another answers with the other and Content-Location."""
    row = await accounts.read(session, caller, account_id)
    set_etag(response, row["version"])
    if row["id"] != account_id:
        response.headers["Content-Location"] = f"/v1/accounts/{row['id']}"
    return account_of(row)


@router.patch("/{account_id}", **operation(scopes=["accounts:write"], problems=CHANGE_PROBLEMS))
async def update_account(
    account_id: AccountId,
    body: AccountUpdate,
    accounts: AccountsDep,
    session: WriteSession,
    caller: CallerDep,
    wanted: IfMatch,
    response: Response,
) -> AccountRead:
    """Change an account by merge patch: fields that are sent replace, null empties, all else stays."""
    return answer(response, await accounts.change(session, caller, account_id, body, wanted))


@router.delete("/{account_id}", status_code=204, **operation(scopes=["accounts:write"], problems=CHANGE_PROBLEMS))
async def delete_account(
    account_id: AccountId, accounts: AccountsDep, session: WriteSession, caller: CallerDep, wanted: IfMatch
) -> None:
    """Delete an account. The row stays listed with `deleted=true`; what comes with an external id of it is new."""
    await accounts.delete(session, caller, account_id, wanted)


@router.post("/{account_id}/tags", **operation(scopes=["accounts:write"], problems=CHANGE_PROBLEMS))
async def change_account_tags(
    account_id: AccountId,
    body: TagsCommand,
    accounts: AccountsDep,
    session: WriteSession,
    caller: CallerDep,
    wanted: IfMatch,
    response: Response,
) -> AccountRead:
    """Add and remove tags of an account, without a race against other changes."""
    return answer(response, await accounts.change_tags(session, caller, account_id, body, wanted))
