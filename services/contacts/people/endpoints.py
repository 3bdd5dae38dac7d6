"""People over HTTP."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.contacts.activity.service import activity_of
from services.contacts.external_path import ExternalPath
from services.contacts.parameters import Embed, MatchRule, Reach
from services.contacts.people.dependencies import PeopleDep
from services.contacts.people.errors import PersonExists, PersonMerged
from services.contacts.people.queries import PersonQuery, conditions
from services.contacts.people.schemas import (
    AddressesCommand,
    EmailsCommand,
    HandlesCommand,
    LookupCommand,
    PeopleBatchCommand,
    PersonCreate,
    PersonPage,
    PersonRead,
    PersonUpdate,
    PersonUpsert,
    PhonesCommand,
)
from services.contacts.people.views import page_of, person_of
from services.contacts.vocabulary import TagsCommand
from services.contacts.written import Written
from services.kit.problems import NotFound, PreconditionFailed
from services.kit.web import BindingDep, CallerDep, ReadSession, Router, WriteSession, operation, set_etag
from services.kit.web.batches import BatchAborted, BatchRead
from services.kit.web.batching import Atomic, answer_batch
from services.kit.web.change import Change, ChangeDep, CreationDep

router = Router(prefix="/v1/people", tags=["people"])

PersonId = Annotated[UUID, Path(description="Id of the person.")]
CHANGE = operation(scopes=["people:write"], problems=(NotFound, PreconditionFailed, PersonExists, PersonMerged))


def answer(change: Change, written: Written) -> PersonRead:
    """Return a written person with the headers that go with it."""
    address = f"/v1/people/{written.row['id']}" if written.created else None
    change.done(written.row["version"], created_at=address, unchanged=written.unchanged)
    return person_of(written.row, change.caller)


@router.post(
    "",
    status_code=201,
    **operation(
        scopes=["people:write"],
        problems=[PersonExists],
        responses={200: {"model": PersonRead, "description": "Known already, and linked"}},
    ),
)
async def create_person(
    body: PersonCreate, people: PeopleDep, change: CreationDep, on_match: MatchRule = "reject"
) -> PersonRead:
    """Create a person. An identifier that is known already answers 409, or 200 with `on_match=link`."""
    change.response.status_code = 200
    return answer(change, await people.create(change.session, change.caller, body, on_match))


@router.get("", **operation(scopes=["people:read"]))
async def list_people(
    query: Annotated[PersonQuery, Query()],
    people: PeopleDep,
    session: ReadSession,
    caller: CallerDep,
    bound: BindingDep,
) -> PersonPage:
    """List people, newest first. Filters on contact data need the scope people:read_contact."""
    rows = await people.rows.page(session, conditions(query, caller), query, bound, query.sort)
    activity = await activity_of(session, caller, [row["id"] for row in rows.items], query.include)
    return page_of(rows.items, caller, rows.next_cursor, rows.count, activity)


@router.post("/lookup", **operation(scopes=["people:read"]))
async def lookup_person(body: LookupCommand, people: PeopleDep, session: WriteSession, caller: CallerDep) -> PersonPage:
    """Find people by e-mail address, phone number or external id, without personal data in an address.

    Identifiers that an edit has replaced find their person too.
    """
    found = await people.look_up(session, caller, body)
    return page_of(found, caller, None, None)


@router.post(
    "/batch", status_code=207, **operation(scopes=["people:write"], problems=[BatchAborted], max_body=8_388_608)
)
async def create_people_batch(
    body: PeopleBatchCommand,
    people: PeopleDep,
    session: WriteSession,
    caller: CallerDep,
    request: Request,
    on_match: MatchRule = "reject",
    atomic: Atomic = False,
    effects: Reach = "all",
) -> BatchRead:
    """Create up to 1,000 people; each is judged on its own unless `atomic`."""
    create = partial(people.create_many, session, caller, on_match=on_match, effects=effects)
    return await answer_batch(request, body.items, create, lambda written: written.line, atomic=atomic)


@router.put(
    "/external/{source}/{external_id:path}",
    **operation(
        scopes=["people:write"],
        problems=[NotFound, PreconditionFailed, PersonExists, PersonMerged],
        responses={201: {"model": PersonRead, "description": "Created"}},
    ),
)
async def upsert_person(key: ExternalPath, body: PersonUpsert, people: PeopleDep, change: ChangeDep) -> PersonRead:
    """Create the person whom another system names so, or change the fields that were sent."""
    return answer(change, await people.upsert(change.session, change.caller, key, body, change.wanted))


@router.get("/{person_id}", **operation(scopes=["people:read"], problems=[NotFound]))
async def read_person(
    person_id: PersonId,
    people: PeopleDep,
    session: ReadSession,
    caller: CallerDep,
    response: Response,
    embed: Embed,
) -> PersonRead:
    """Read a person. The id of one who was joined into another answers with the other and Content-Location."""
    row = await people.read(session, caller, person_id)
    if not embed.include:  # what is embedded changes without the row
        set_etag(response, row["version"])
    if row["id"] != person_id:
        response.headers["Content-Location"] = f"/v1/people/{row['id']}"
    return person_of(row, caller, await activity_of(session, caller, [row["id"]], embed.include))


@router.patch("/{person_id}", **CHANGE)
async def update_person(person_id: PersonId, body: PersonUpdate, people: PeopleDep, change: ChangeDep) -> PersonRead:
    """Change a person by merge patch: fields that are sent replace, null empties, all else stays."""
    return answer(change, await people.change(change.session, change.caller, person_id, body, change.wanted))


@router.delete("/{person_id}", status_code=204, **CHANGE)
async def delete_person(person_id: PersonId, people: PeopleDep, change: ChangeDep) -> None:
    """Delete a person. The row stays listed with `deleted=true`; whoever comes with an identifier of it is new."""
    await people.delete(change.session, change.caller, person_id, change.wanted)


@router.post("/{person_id}/tags", **CHANGE)
async def change_person_tags(
    person_id: PersonId, body: TagsCommand, people: PeopleDep, change: ChangeDep
) -> PersonRead:
    """Add and remove tags of a person, without a race against other changes."""
    return answer(change, await people.change_tags(change.session, change.caller, person_id, body, change.wanted))


@router.post("/{person_id}/emails", **CHANGE)
async def change_person_emails(
    person_id: PersonId, body: EmailsCommand, people: PeopleDep, change: ChangeDep
) -> PersonRead:
    """Add and remove e-mail addresses of a person."""
    return answer(change, await people.change_emails(change.session, change.caller, person_id, body, change.wanted))


@router.post("/{person_id}/phones", **CHANGE)
async def change_person_phones(
    person_id: PersonId, body: PhonesCommand, people: PeopleDep, change: ChangeDep
) -> PersonRead:
    """Add and remove telephone numbers of a person."""
    return answer(change, await people.change_phones(change.session, change.caller, person_id, body, change.wanted))


@router.post("/{person_id}/addresses", **CHANGE)
async def change_person_addresses(
    person_id: PersonId, body: AddressesCommand, people: PeopleDep, change: ChangeDep
) -> PersonRead:
    """Add and remove postal addresses of a person; those are removed that equal an entry in `remove`."""
    return answer(change, await people.change_addresses(change.session, change.caller, person_id, body, change.wanted))


@router.post("/{person_id}/handles", **CHANGE)
async def change_person_handles(
    person_id: PersonId, body: HandlesCommand, people: PeopleDep, change: ChangeDep
) -> PersonRead:
    """Add and remove handles on social and chat networks of a person."""
    return answer(change, await people.change_handles(change.session, change.caller, person_id, body, change.wanted))
