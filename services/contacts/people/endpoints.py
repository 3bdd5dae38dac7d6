"""People over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.contacts.customer_rows import Written
from services.contacts.external_path import ExternalPath
from services.contacts.people.dependencies import PeopleDep
from services.contacts.people.errors import PersonExists, PersonMerged
from services.contacts.people.queries import PersonQuery, conditions
from services.contacts.people.schemas import (
    EmailsCommand,
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
from services.contacts.vocabulary import EffectsName, OnMatch, TagsCommand
from services.kit.identity import Identity
from services.kit.problems import NotFound, PreconditionFailed, Problem
from services.kit.web import BindingDep, CallerDep, IfMatch, ReadSession, Router, WriteSession, operation, set_etag
from services.kit.web.batches import BatchAborted, BatchRead, Outcomes, split_faulty

router = Router(prefix="/v1/people", tags=["people"])

MatchRule = Annotated[
    OnMatch, Query(description="What to do where an identifier is known: answer 409, or take the known person.")
]
PersonId = Annotated[UUID, Path(description="Id of the person.")]
CHANGE_PROBLEMS = (NotFound, PreconditionFailed, PersonExists, PersonMerged)


def answer(response: Response, written: Written, caller: Identity) -> PersonRead:
    """Return a written person with the headers that go with it."""
    set_etag(response, written.row["version"])
    if written.created:
        response.status_code = 201
        response.headers["Location"] = f"/v1/people/{written.row['id']}"
    if written.unchanged:
        response.headers["Kith-Unchanged"] = "true"
    return person_of(written.row, caller)


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
    body: PersonCreate,
    people: PeopleDep,
    session: WriteSession,
    caller: CallerDep,
    response: Response,
    on_match: MatchRule = "reject",
) -> PersonRead:
    """Create a person. An identifier that is known already answers 409, or 200 with `on_match=link`."""
    written = await people.create(session, caller, body, on_match)
    response.status_code = 200
    return answer(response, written, caller)


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
    return page_of(rows.items, caller, rows.next_cursor, rows.count)


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
    atomic: Annotated[bool, Query(description="Take all items or none.")] = False,
    effects: Annotated[EffectsName, Query(description="How far the new facts reach.")] = "all",
) -> BatchRead:
    """Create up to 1,000 people; each is judged on its own unless `atomic`."""
    outcomes = Outcomes(request.app.state.kit.settings.public_url.rstrip("/"), request.url.path)
    fitting = split_faulty(body.items, outcomes)
    found = await people.create_many(session, caller, [item for _, item in fitting], on_match, effects=effects)
    for (place, _), one in zip(fitting, found, strict=True):
        if isinstance(one, Problem):
            outcomes.fail(place, one)
        else:
            outcomes.succeed(place, 201 if one.created else 200, one.row["id"], one.row["version"])
    return outcomes.answer(atomic=atomic)


@router.put(
    "/external/{source}/{external_id:path}",
    **operation(
        scopes=["people:write"],
        problems=[NotFound, PreconditionFailed, PersonExists, PersonMerged],
        responses={201: {"model": PersonRead, "description": "Created"}},
    ),
)
async def upsert_person(
    key: ExternalPath,
    body: PersonUpsert,
    people: PeopleDep,
    session: WriteSession,
    caller: CallerDep,
    wanted: IfMatch,
    response: Response,
) -> PersonRead:
    """Create the person whom another system names so, or change the fields that were sent."""
    return answer(response, await people.upsert(session, caller, key, body, wanted), caller)


@router.get("/{person_id}", **operation(scopes=["people:read"], problems=[NotFound]))
async def read_person(
    person_id: PersonId, people: PeopleDep, session: ReadSession, caller: CallerDep, response: Response
) -> PersonRead:
    """Read a person. The id of one who was joined into another answers with the other and Content-Location."""
    row = await people.read(session, caller, person_id)
    set_etag(response, row["version"])
    if row["id"] != person_id:
        response.headers["Content-Location"] = f"/v1/people/{row['id']}"
    return person_of(row, caller)


@router.patch("/{person_id}", **operation(scopes=["people:write"], problems=CHANGE_PROBLEMS))
async def update_person(
    person_id: PersonId,
    body: PersonUpdate,
    people: PeopleDep,
    session: WriteSession,
    caller: CallerDep,
    wanted: IfMatch,
    response: Response,
) -> PersonRead:
    """Change a person by merge patch: fields that are sent replace, null empties, all else stays."""
    return answer(response, await people.change(session, caller, person_id, body, wanted), caller)


@router.delete("/{person_id}", status_code=204, **operation(scopes=["people:write"], problems=CHANGE_PROBLEMS))
async def delete_person(
    person_id: PersonId, people: PeopleDep, session: WriteSession, caller: CallerDep, wanted: IfMatch
) -> None:
    """Delete a person. The row stays listed with `deleted=true`; whoever comes with an identifier of it is new."""
    await people.delete(session, caller, person_id, wanted)


@router.post("/{person_id}/tags", **operation(scopes=["people:write"], problems=CHANGE_PROBLEMS))
async def change_person_tags(
    person_id: PersonId,
    body: TagsCommand,
    people: PeopleDep,
    session: WriteSession,
    caller: CallerDep,
    wanted: IfMatch,
    response: Response,
) -> PersonRead:
    """Add and remove tags of a person, without a race against other changes."""
    return answer(response, await people.change_tags(session, caller, person_id, body, wanted), caller)


@router.post("/{person_id}/emails", **operation(scopes=["people:write"], problems=CHANGE_PROBLEMS))
async def change_person_emails(
    person_id: PersonId,
    body: EmailsCommand,
    people: PeopleDep,
    session: WriteSession,
    caller: CallerDep,
    wanted: IfMatch,
    response: Response,
) -> PersonRead:
    """Add and remove e-mail addresses of a person."""
    return answer(response, await people.change_emails(session, caller, person_id, body, wanted), caller)


@router.post("/{person_id}/phones", **operation(scopes=["people:write"], problems=CHANGE_PROBLEMS))
async def change_person_phones(
    person_id: PersonId,
    body: PhonesCommand,
    people: PeopleDep,
    session: WriteSession,
    caller: CallerDep,
    wanted: IfMatch,
    response: Response,
) -> PersonRead:
    """Add and remove telephone numbers of a person."""
    return answer(response, await people.change_phones(session, caller, person_id, body, wanted), caller)
