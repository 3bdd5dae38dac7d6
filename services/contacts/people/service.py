"""What can be done with people: create, change, upsert, delete, find."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.contacts.callers import READ_CONTACT, may_see, with_owner
from services.contacts.customer_events import customer_event
from services.contacts.customer_rows import (
    Draft,
    Row,
    Versions,
    missing_reference,
    without_shared_keys,
)
from services.contacts.identities.facts import ExternalId, PersonFact
from services.contacts.identities.rules import Key, mark_time
from services.contacts.identities.service import Identities
from services.contacts.people.drafts import Sent, draft_person, e164, keys_in, needs_region, plain
from services.contacts.people.errors import PersonExists, PersonMerged
from services.contacts.people.patches import Columns, columns_after
from services.contacts.people.repository import PeopleRepository, filtered
from services.contacts.people.rules import change_tags
from services.contacts.people.schemas import (
    MAX_POINTS,
    AddressesCommand,
    EmailsCommand,
    HandlesCommand,
    LookupCommand,
    PersonUpdate,
    PersonUpsert,
    PhonesCommand,
)
from services.contacts.vocabulary import MAX_TAGS, ExternalIdentifier, OnMatch, TagsCommand, within
from services.contacts.written import Written
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.ids import new_id
from services.kit.problems import NotFound, Problem
from services.kit.versions import check_version
from services.kit.web.visibility import only_visible

if TYPE_CHECKING:
    import asyncpg

STAFF = "manual"
"""The source of what people type."""


class People:
    """The verbs on people."""

    def __init__(self, rows: PeopleRepository, identities: Identities, clock: Clock) -> None:
        self.rows = rows
        self._identities = identities
        self._clock = clock

    async def create(self, session: Session, caller: Identity, body: PersonUpsert, on_match: OnMatch) -> Written:
        """Create a person; PersonExists where an identifier is known, or the known person with `link`."""
        [found] = await self.create_many(session, caller, [body], on_match=on_match)
        if isinstance(found, Problem):
            raise found
        return found

    async def create_many(
        self,
        session: Session,
        caller: Identity,
        bodies: Sequence[PersonUpsert],
        *,
        on_match: OnMatch = "reject",
        effects: str = "all",
    ) -> list[Written | Problem]:
        """Create people in one statement; of two that share an identifier the second meets the first."""
        region = await self._region(session, *bodies)
        found: dict[int, Written | Problem] = {}
        waiting: list[tuple[int, Draft]] = []
        for place, body in enumerate(bodies):
            try:
                sent = with_owner(plain(body, caller, region), caller)
            except Problem as problem:
                found[place] = problem
                continue
            draft = draft_person(
                new_id(), sent, body.external_ids or (), source=STAFF, now=self._clock.now(), effects=effects
            )
            waiting.append((place, draft))
        await self._lock_phones(session, (key for _, draft in waiting for key in draft.keys))
        while waiting:
            together, waiting = without_shared_keys(waiting)
            rows = await self.rows.create(session, [draft for _, draft in together])
            for (place, draft), row in zip(together, rows, strict=True):
                found[place] = await self._judge(session, caller, row, draft, on_match)
        return [found[place] for place in range(len(bodies))]

    async def read(self, session: Session, caller: Identity, person_id: UUID) -> Row:
        """Return a person; the id of one who was joined into another gives the other."""
        row = await self.rows.read(session, person_id)
        while row is not None and row["merged_into"]:
            row = await self.rows.read(session, row["merged_into"])
        if row is None or row["deleted_at"] or not may_see(caller, row):
            raise NotFound
        return row

    async def change(
        self, session: Session, caller: Identity, person_id: UUID, body: PersonUpdate, wanted: Versions
    ) -> Written:
        """Apply a merge patch."""
        row = await self._locked(session, caller, person_id, wanted)
        sent = plain(body, caller, await self._region(session, body))
        return await self._apply(session, caller, row, sent)

    async def upsert(
        self, session: Session, caller: Identity, key: ExternalIdentifier, body: PersonUpsert, wanted: Versions
    ) -> Written:
        """Create the person whom another system names so, or change the fields that were sent."""
        if await self.rows.unknown_sources(session, [key.source]):
            raise NotFound(f"There is no source with the key {key.source}.")
        sent = plain(body, caller, await self._region(session, body))
        external_ids = [key, *(body.external_ids or ())]
        new = with_owner(sent, caller)
        draft = draft_person(new_id(), new, external_ids, source=key.source, now=self._clock.now(), effects="all")
        holders = await self.rows.holders(session, draft.joining)
        if not holders:
            await self._lock_phones(session, draft.keys)
            [row] = await self.rows.create(session, [draft])
            found = await self._judge(session, caller, row, draft, "reject")
            if isinstance(found, Problem):
                raise found
            return found
        owner = next((one["owner_id"] for one in holders if one["value"] == key.id), holders[0]["owner_id"])
        if len({one["owner_id"] for one in holders}) > 1:
            owner = await self._join(session, caller, owner, draft, key.source, wanted)
            wanted = None
        row = await self._locked(session, caller, owner, wanted)
        return await self._apply(session, caller, row, sent, source=key.source, external_ids=external_ids)

    async def delete(self, session: Session, caller: Identity, person_id: UUID, wanted: Versions) -> None:
        """Delete a person softly."""
        row = await self._locked(session, caller, person_id, wanted)
        now = self._clock.now()
        event = customer_event({**row, "deleted_at": now}, "person", version=row["version"] + 1)
        await self.rows.release(session, person_id, event.model_dump(mode="json"), now)

    async def change_tags(
        self, session: Session, caller: Identity, person_id: UUID, command: TagsCommand, wanted: Versions
    ) -> Written:
        """Add and remove tags."""
        row = await self._locked(session, caller, person_id, wanted)
        tags = change_tags(row["tags"], command.add, command.remove)
        return await self._apply(session, caller, row, {"tags": within(tags, MAX_TAGS)})

    async def change_emails(
        self, session: Session, caller: Identity, person_id: UUID, command: EmailsCommand, wanted: Versions
    ) -> Written:
        """Add and remove e-mail addresses."""
        row = await self._locked(session, caller, person_id, wanted)
        added = [entry.model_dump() for entry in command.add]
        emails = entries(row["emails"], added, command.remove, "address")
        return await self._apply(session, caller, row, {"emails": within(emails, MAX_POINTS)})

    async def change_phones(
        self, session: Session, caller: Identity, person_id: UUID, command: PhonesCommand, wanted: Versions
    ) -> Written:
        """Add and remove phone numbers."""
        row = await self._locked(session, caller, person_id, wanted)
        region = await self.rows.default_region(session)
        added = e164([entry.model_dump() for entry in command.add], region, "#/add")
        removed = e164([{"number": number} for number in command.remove], region, "#/remove")
        gone = [entry["number"] for entry in removed]
        phones = entries(row["phones"], added, gone, "number")
        return await self._apply(session, caller, row, {"phones": within(phones, MAX_POINTS)})

    async def change_addresses(
        self, session: Session, caller: Identity, person_id: UUID, command: AddressesCommand, wanted: Versions
    ) -> Written:
        """Add and remove postal addresses."""
        row = await self._locked(session, caller, person_id, wanted)
        return await self._apply(session, caller, row, {"addresses": whole_entries(row["addresses"], command)})

    async def change_handles(
        self, session: Session, caller: Identity, person_id: UUID, command: HandlesCommand, wanted: Versions
    ) -> Written:
        """Add and remove handles."""
        row = await self._locked(session, caller, person_id, wanted)
        return await self._apply(session, caller, row, {"handles": whole_entries(row["handles"], command)})

    async def look_up(self, session: Session, caller: Identity, asked: LookupCommand) -> "list[asyncpg.Record]":
        """Return the people who hold an identifier, also one that an edit has replaced since."""
        if asked.email or asked.phone:
            caller.require(READ_CONTACT)
        keys = [Key("email", "", asked.email)] if asked.email else []
        if asked.phone:
            [entry] = e164([{"number": asked.phone}], await self.rows.default_region(session), "#")
            keys.append(Key("phone", "", entry["number"]))
        if asked.external_id:
            keys.append(Key("external", asked.external_id.source, asked.external_id.id))
        owners = [one["owner_id"] for one in await self.rows.holders(session, keys)]
        where = filtered(deleted=False).add("c.id = any({}::uuid[])", owners)
        return await self.rows.find(session, only_visible(where, caller, "c.owner_rep_id"))

    async def _locked(self, session: Session, caller: Identity, person_id: UUID, wanted: Versions) -> Row:
        row = await self.rows.read(session, person_id, lock=True)
        if row is None or row["deleted_at"] or not may_see(caller, row):
            raise NotFound
        if row["merged_into"]:
            seen = await self._is_seen(session, caller, row["merged_into"])
            raise PersonMerged(existing_id=str(row["merged_into"]) if seen else None)
        check_version(row["version"], wanted)
        return row

    async def _apply(
        self,
        session: Session,
        caller: Identity,
        row: Row,
        sent: Sent,
        *,
        source: str = STAFF,
        external_ids: Sequence[ExternalIdentifier] = (),
    ) -> Written:
        now = self._clock.now()
        columns = columns_after(row, sent, (mark_time(now), source))
        await self.rows.check_reps(session, columns)
        gained = await self._claim(session, caller, row, columns, external_ids, source)
        if not columns and not gained:
            return Written(row, unchanged=True)
        event = customer_event({**row, **columns}, "person", version=row["version"] + 1)
        after = await self.rows.change(session, row["id"], columns, event.model_dump(mode="json"), now)
        return Written(after)

    async def _claim(
        self,
        session: Session,
        caller: Identity,
        row: Row,
        columns: Columns,
        external_ids: Sequence[ExternalIdentifier],
        source: str,
    ) -> bool:
        """Take the match keys that are new to a person; PersonExists where another one holds one of them."""
        said = {"emails": columns.get("emails", ()), "phones": columns.get("phones", ())}
        keys = keys_in(said, external_ids, self._clock.now(), source)
        if not keys.all:
            return False
        await self._lock_phones(session, keys.all)
        holders = await self.rows.holders(session, keys.all)
        for other in holders:
            if other["owner_id"] != row["id"] and (other["joins"] or other["kind"] != "phone"):
                raise await self._known(session, caller, other["owner_id"], other["kind"])
        held = {Key(one["kind"], one["source"], one["value"]) for one in holders if one["owner_id"] == row["id"]}
        # A number beside a better identifier may be a family's; alone it is all there is to know the person by.
        alone = not (row["external_ids"] or columns.get("emails", row["emails"]) or external_ids)
        phones = {key for key in keys.all if key.kind == "phone"}
        await self.rows.add_keys(session, row["id"], (keys.all - phones) - held, joins=True)
        await self.rows.add_keys(session, row["id"], phones - held, joins=alone)
        return bool(keys.all - held)

    async def _judge(
        self,
        session: Session,
        caller: Identity,
        row: Row,
        draft: Draft,
        on_match: OnMatch,
    ) -> Written | Problem:
        if row["created"]:
            if row["claimed"] < len(draft.keys):
                raise await self._lost_race(session, caller, draft)
            return Written(row, created=True)
        if fault := missing_reference(row):
            return fault
        if on_match == "link" and await self._is_seen(session, caller, row["existing_id"]):
            return await self._link(session, caller, row["existing_id"], draft)
        return await self._known(session, caller, row["existing_id"], row["matched_on"])

    async def _link(self, session: Session, caller: Identity, known_id: UUID, draft: Draft) -> Written:
        """Give a known person the identifiers of a new request; nothing else of it is taken over."""
        row = await self._locked(session, caller, known_id, None)
        sent = {
            "emails": entries(row["emails"], marked_primary(draft.values["emails"]), (), "address"),
            "phones": entries(row["phones"], marked_primary(draft.values["phones"]), (), "number"),
        }
        external_ids = [
            ExternalIdentifier(source=key.source, id=key.value) for key in draft.keys if key.kind == "external"
        ]
        return await self._apply(session, caller, row, sent, external_ids=external_ids)

    async def _join(
        self, session: Session, caller: Identity, owner: UUID, draft: Draft, source: str, wanted: Versions
    ) -> UUID:
        """Join the people whom one system says to be the same; returns who stays."""
        row = await self.rows.read(session, owner)
        if row is None or not may_see(caller, row):
            raise NotFound
        check_version(row["version"], wanted)
        if not caller.sees_all:
            raise PersonExists(existing_id=None, matched_on=None)
        fact = PersonFact(
            at=self._clock.now(),
            source=source,
            external_ids=tuple(ExternalId(key.source, key.value) for key in draft.joining if key.kind == "external"),
            emails=tuple(key.value for key in draft.joining if key.kind == "email"),
        )
        [stays] = await self._identities.resolve_people(session, session.tenant, [fact])
        return stays or owner

    async def _lock_phones(self, session: Session, keys: Iterable[Key]) -> None:
        """Let nobody else decide meanwhile whether these numbers join."""
        numbers = {key.value for key in keys if key.kind == "phone"}
        await self._identities.rows.lock_phones(session, session.tenant, numbers)

    async def _lost_race(self, session: Session, caller: Identity, draft: Draft) -> Problem:
        """Return the problem for a person whom somebody else created in the same moment; undoes the request."""
        holders = await self.rows.holders(session, draft.keys)
        other = next((one for one in holders if one["owner_id"] != draft.id), None)
        if other is None:
            return PersonExists(existing_id=None, matched_on=None)
        return await self._known(session, caller, other["owner_id"], other["kind"])

    async def _known(self, session: Session, caller: Identity, person_id: UUID, kind: str) -> PersonExists:
        """Return the problem for a known identifier; whose it is learns only who may see him and such identifiers."""
        sees_kind = kind == "external" or caller.may(READ_CONTACT)
        if not sees_kind or not await self._is_seen(session, caller, person_id):
            return PersonExists(existing_id=None, matched_on=None)
        return PersonExists(existing_id=str(person_id), matched_on="external_id" if kind == "external" else kind)

    async def _is_seen(self, session: Session, caller: Identity, person_id: UUID) -> bool:
        row = None if caller.sees_all else await self.rows.read(session, person_id)
        return caller.sees_all or (row is not None and may_see(caller, row))

    async def _region(self, session: Session, *bodies: PersonUpdate) -> str | None:
        return await self.rows.default_region(session) if any(map(needs_region, bodies)) else None


def entries(
    held: Sequence[Mapping[str, Any]], added: Sequence[Mapping[str, Any]], removed: Sequence[str], key: str
) -> list[dict[str, Any]]:
    """Return addresses or numbers after additions and removals, as if a client had sent the whole list."""
    after = {entry[key]: {key: entry[key], "primary": False} for entry in held}
    after |= {entry[key]: dict(entry) for entry in added}
    return [entry for value, entry in after.items() if value not in removed]


def whole_entries(
    held: Sequence[Mapping[str, Any]], command: AddressesCommand | HandlesCommand
) -> list[dict[str, Any]]:
    """Return addresses or handles after additions and removals; each is told from others by all that it says."""
    added, removed = ([entry.model_dump() for entry in some] for some in (command.add, command.remove))
    after: list[dict[str, Any]] = []
    for entry in map(dict, [*held, *added]):
        if entry not in removed and entry not in after:
            after.append(entry)
    return within(after, MAX_POINTS)


def marked_primary(stored: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return stored addresses or numbers as entries that ask for no change of the primary one."""
    return [{**entry, "primary": False} for entry in stored]
