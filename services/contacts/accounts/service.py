"""What can be done with accounts: create, change, upsert, delete, find."""

from collections.abc import Sequence
from uuid import UUID

from services.contacts.accounts.drafts import Sent, draft_account, keys_in, plain
from services.contacts.accounts.errors import AccountExists, AccountMerged
from services.contacts.accounts.patches import columns_after
from services.contacts.accounts.repository import AccountsRepository
from services.contacts.accounts.schemas import AccountUpdate, AccountUpsert
from services.contacts.callers import may_see, with_owner
from services.contacts.customer_events import customer_event
from services.contacts.customer_rows import (
    Draft,
    Row,
    Versions,
    missing_reference,
    without_shared_keys,
)
from services.contacts.identities.rules import Key, mark_time
from services.contacts.people.rules import change_tags
from services.contacts.vocabulary import MAX_TAGS, ExternalIdentifier, OnMatch, TagsCommand, within
from services.contacts.written import Written
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.ids import new_id
from services.kit.problems import NotFound, Problem, invalid_body
from services.kit.versions import check_version

STAFF = "manual"


class Accounts:
    """The verbs on accounts."""

    def __init__(self, rows: AccountsRepository, clock: Clock) -> None:
        self.rows = rows
        self._clock = clock

    async def create(self, session: Session, caller: Identity, body: AccountUpsert, on_match: OnMatch) -> Written:
        """Create an account; AccountExists where an external id is known, or the known account with `link`."""
        [found] = await self.create_many(session, caller, [body], on_match=on_match)
        if isinstance(found, Problem):
            raise found
        return found

    async def create_many(
        self,
        session: Session,
        caller: Identity,
        bodies: Sequence[AccountUpsert],
        *,
        on_match: OnMatch = "reject",
        effects: str = "all",
    ) -> list[Written | Problem]:
        """Create accounts in one statement; of two that share an external id the second meets the first."""
        found: dict[int, Written | Problem] = {}
        waiting: list[tuple[int, Draft]] = []
        for place, body in enumerate(bodies):
            try:
                sent = with_owner(plain(body, caller), caller)
            except Problem as problem:
                found[place] = problem
                continue
            ids = body.external_ids or ()
            draft = draft_account(new_id(), sent, ids, source=STAFF, now=self._clock.now(), effects=effects)
            waiting.append((place, draft))
        while waiting:
            together, waiting = without_shared_keys(waiting)
            rows = await self.rows.create(session, [draft for _, draft in together])
            for (place, draft), row in zip(together, rows, strict=True):
                found[place] = await self._judge(session, caller, row, draft, on_match)
        return [found[place] for place in range(len(bodies))]

    async def read(self, session: Session, caller: Identity, account_id: UUID) -> Row:
        """Return an account; the id of one that was joined into another gives the other."""
        row = await self.rows.read(session, account_id)
        while row is not None and row["merged_into"]:
            row = await self.rows.read(session, row["merged_into"])
        if row is None or row["deleted_at"] or not may_see(caller, row):
            raise NotFound
        return row

    async def change(
        self, session: Session, caller: Identity, account_id: UUID, body: AccountUpdate, wanted: Versions
    ) -> Written:
        """Apply a merge patch."""
        row = await self._locked(session, caller, account_id, wanted)
        return await self._apply(session, caller, row, plain(body, caller))

    async def upsert(
        self, session: Session, caller: Identity, key: ExternalIdentifier, body: AccountUpsert, wanted: Versions
    ) -> Written:
        """Create the account that another system names so, or change the fields that were sent."""
        if await self.rows.unknown_sources(session, [key.source]):
            raise NotFound(f"There is no source with the key {key.source}.")
        sent = plain(body, caller)
        external_ids = [key, *(body.external_ids or ())]
        holders = await self.rows.holders(session, keys_in(external_ids))
        if holders:
            owner = next((one["owner_id"] for one in holders if one["value"] == key.id), holders[0]["owner_id"])
            row = await self._locked(session, caller, owner, wanted)
            return await self._apply(session, caller, row, sent, source=key.source, external_ids=external_ids)
        if not sent.get("name"):
            raise invalid_body("#/name", "A new account needs a name.", "required")
        now = self._clock.now()
        new = with_owner(sent, caller)
        draft = draft_account(new_id(), new, external_ids, source=key.source, now=now, effects="all")
        [row] = await self.rows.create(session, [draft])
        found = await self._judge(session, caller, row, draft, "reject")
        if isinstance(found, Problem):
            raise found
        return found

    async def delete(self, session: Session, caller: Identity, account_id: UUID, wanted: Versions) -> None:
        """Delete an account softly."""
        row = await self._locked(session, caller, account_id, wanted)
        now = self._clock.now()
        event = customer_event({**row, "deleted_at": now}, "account", version=row["version"] + 1)
        await self.rows.release(session, account_id, event.model_dump(mode="json"), now)

    async def change_tags(
        self, session: Session, caller: Identity, account_id: UUID, command: TagsCommand, wanted: Versions
    ) -> Written:
        """Add and remove tags."""
        row = await self._locked(session, caller, account_id, wanted)
        tags = change_tags(row["tags"], command.add, command.remove)
        return await self._apply(session, caller, row, {"tags": within(tags, MAX_TAGS)})

    async def look_up(self, session: Session, caller: Identity, key: ExternalIdentifier) -> list[Row]:
        """Return the account that another system names so, as a list of none or one."""
        holders = await self.rows.holders(session, keys_in([key]))
        rows = [await self.rows.read(session, one["owner_id"]) for one in holders]
        return [row for row in rows if row and not row["deleted_at"] and may_see(caller, row)]

    async def _locked(self, session: Session, caller: Identity, account_id: UUID, wanted: Versions) -> Row:
        row = await self.rows.read(session, account_id, lock=True)
        if row is None or row["deleted_at"] or not may_see(caller, row):
            raise NotFound
        if row["merged_into"]:
            seen = await self._is_seen(session, caller, row["merged_into"])
            raise AccountMerged(existing_id=str(row["merged_into"]) if seen else None)
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
        if "name" in sent and not sent["name"]:
            raise invalid_body("#/name", "An account always has a name.", "required")
        now = self._clock.now()
        columns = columns_after(row, sent, (mark_time(now), source))
        await self.rows.check_reps(session, columns)
        gained = await self._claim(session, caller, row, external_ids)
        if not columns and not gained:
            return Written(row, unchanged=True)
        event = customer_event({**row, **columns}, "account", version=row["version"] + 1)
        return Written(await self.rows.change(session, row["id"], columns, event.model_dump(mode="json"), now))

    async def _claim(
        self, session: Session, caller: Identity, row: Row, external_ids: Sequence[ExternalIdentifier]
    ) -> bool:
        """Take the external ids that are new to an account; AccountExists where another one holds one of them."""
        keys = keys_in(external_ids)
        if not keys:
            return False
        holders = await self.rows.holders(session, keys)
        for other in holders:
            if other["owner_id"] != row["id"]:
                raise await self._known(session, caller, other["owner_id"])
        gained = keys - {Key(one["kind"], one["source"], one["value"]) for one in holders}
        await self.rows.add_keys(session, row["id"], gained, joins=True)
        return bool(gained)

    async def _judge(
        self, session: Session, caller: Identity, row: Row, draft: Draft, on_match: OnMatch
    ) -> Written | Problem:
        if row["created"]:
            if row["claimed"] < len(draft.keys):
                raise await self._lost_race(session, caller, draft)
            return Written(row, created=True)
        if fault := missing_reference(row):
            return fault
        if on_match == "reject" or not await self._is_seen(session, caller, row["existing_id"]):
            return await self._known(session, caller, row["existing_id"])
        known = await self._locked(session, caller, row["existing_id"], None)
        ids = [ExternalIdentifier(source=key.source, id=key.value) for key in draft.keys]
        return await self._apply(session, caller, known, {}, external_ids=ids)

    async def _lost_race(self, session: Session, caller: Identity, draft: Draft) -> AccountExists:
        """Return the problem for an account that somebody else created in the same moment; undoes the request."""
        holders = await self.rows.holders(session, draft.keys)
        other = next((one["owner_id"] for one in holders if one["owner_id"] != draft.id), None)
        return await self._known(session, caller, other)

    async def _known(self, session: Session, caller: Identity, account_id: UUID | None) -> AccountExists:
        """Return the problem for a known external id; which account has it learns only who may see that account."""
        if account_id is None or not await self._is_seen(session, caller, account_id):
            return AccountExists(existing_id=None, matched_on=None)
        return AccountExists(existing_id=str(account_id), matched_on="external_id")

    async def _is_seen(self, session: Session, caller: Identity, account_id: UUID) -> bool:
        row = None if caller.sees_all else await self.rows.read(session, account_id)
        return caller.sees_all or (row is not None and may_see(caller, row))
