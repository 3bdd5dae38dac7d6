"""Reading scores: of one customer now or at a time, lists, history; asking for recomputation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.problems import NotFound, bad_parameter, invalid_body
from services.kit.web.lists import Binding, Rows, Where
from services.scoring.callers import may_see, only_visible
from services.scoring.evaluation.rules import KINDS, Evaluation, outlooks
from services.scoring.evaluation.service import EvaluationService, Look
from services.scoring.facts import service as facts
from services.scoring.ledger import service as ledger
from services.scoring.ledger.rules import Outlook, Score, unknown
from services.scoring.policies import service as policies
from services.scoring.rows import Row
from services.scoring.scores.errors import EvaluationNeeded
from services.scoring.scores.schemas import ScoreChangeQuery, ScoreQuery
from services.scoring.workspaces import service as workspaces
from services.scoring.workspaces.service import Workspace

if TYPE_CHECKING:
    import asyncpg

FURTHEST = timedelta(days=3660)
"""How far ahead a time may lie: each further week is work."""
OLDEST = 1970


@dataclass(frozen=True, slots=True)
class Shown:
    """A score with what is known about it."""

    score: Score
    currency: str
    policy_version: int
    previous_value: str | None
    changed_at: datetime | None
    outlook: Outlook | None


@dataclass(frozen=True, slots=True)
class CustomerScores:
    """All scores of a customer at one time."""

    customer_id: UUID
    customer_type: str
    as_of: datetime
    scores: Mapping[str, Shown]


class Scores:
    """The verbs on scores."""

    def __init__(self, evaluation: EvaluationService, clock: Clock) -> None:
        self._evaluation = evaluation
        self._clock = clock

    async def of_customer(
        self, session: Session, caller: Identity, customer_id: UUID, as_of: datetime | None
    ) -> CustomerScores:
        """Return the published scores, or those as of a time. One who was joined answers with who stayed."""
        row = await self._find(session, caller, customer_id)
        if as_of is None:
            return await self._published(session, row)
        look = await self._look(session, row["customer_id"], self.checked(as_of), past=True)
        return CustomerScores(row["customer_id"], row["type"], as_of, shown_of(look))

    async def history(
        self, session: Session, caller: Identity, customer_id: UUID, query: ScoreChangeQuery, bound: Binding
    ) -> "tuple[asyncpg.Record, Rows]":
        """Return a page of what was published about a customer, and who that is."""
        row = await self._find(session, caller, customer_id)
        where = Where().add("customer_id = {}::uuid", row["customer_id"])
        if query.kind:
            where.add("kind = any({}::text[])", list(query.kind))
        add_span(where, "as_of", query.as_of_after, query.as_of_before)
        return row, await ledger.list_history(session, where, query, bound, query.sort)

    async def page(
        self, session: Session, caller: Identity, query: ScoreQuery, bound: Binding
    ) -> tuple[Rows, list[CustomerScores]]:
        """Return a page of scores of one kind, present ones or those of a run for a time."""
        rows = await self._rows(session, caller, query, bound)
        return rows, await self._listed(session, rows.items, past=query.as_of is not None)

    async def _rows(self, session: Session, caller: Identity, query: ScoreQuery, bound: Binding) -> Rows:
        where = only_visible(Where().add("s.kind = {}", query.kind), caller)
        add_values(where, query.value)
        if query.customer_id:
            where.add("s.customer_id = any({}::uuid[])", query.customer_id)
        if query.customer_type:
            where.add("c.type = {}", query.customer_type)
        if query.as_of is None:
            add_span(where, "s.changed_at", query.changed_after, query.changed_before)
            return await ledger.list_present(session, where, query, bound, query.sort)
        if query.changed_after or query.changed_before or query.sort.endswith("changed_at"):
            raise bad_parameter("as_of", "At a given time, when a value changed is not known.")
        run = await ledger.run_at(session, session.tenant, query.as_of)
        if run is None:
            raise EvaluationNeeded
        where.add("s.run_id = {}::uuid", run)
        return await ledger.list_dated(session, where, query, bound, query.sort)

    async def policy_ids(self, session: Session, versions: Collection[int]) -> Mapping[int, UUID]:
        """Return the ids of policies by their version."""
        return await policies.ids(session, versions)

    def checked(self, as_of: datetime) -> datetime:
        """Return a time of a query that can be worked out; a problem for one too far away."""
        if self._is_far(as_of):
            raise bad_parameter("as_of", "The time lies too far away.")
        return as_of

    def checked_in_body(self, as_of: datetime | None) -> datetime | None:
        """Return a time of a body that can be worked out; a problem for one too far away."""
        if as_of is not None and self._is_far(as_of):
            raise invalid_body("#/as_of", "The time lies too far away.")
        return as_of

    def _is_far(self, as_of: datetime) -> bool:
        return as_of.year < OLDEST or as_of > self._clock.now() + FURTHEST

    async def _find(self, session: Session, caller: Identity, customer_id: UUID) -> "asyncpg.Record":
        row = await facts.find(session, customer_id)
        seen = {customer_id}
        while row is not None and row["merged_into"] is not None and row["merged_into"] not in seen:
            seen.add(row["merged_into"])
            row = await facts.find(session, row["merged_into"])
        if row is None or row["deleted"] or row["erased"] or row["merged_into"] or not may_see(caller, row):
            raise NotFound
        return row

    async def _published(self, session: Session, row: "asyncpg.Record") -> CustomerScores:
        """Return what was published last; what never had a value is looked up."""
        customer_id = row["customer_id"]
        workspace = await workspaces.find(session, session.tenant)
        standings = await ledger.standings_of(session, session.tenant, [customer_id])
        as_of = valid_at(standings[0]["as_of"], workspace) if standings else self._clock.now()
        stored = {one["kind"]: one for one in await ledger.scores_of(session, session.tenant, [customer_id])}
        look = await self._look(session, customer_id, as_of, past=False)
        return CustomerScores(customer_id, row["type"], as_of, published(look, stored))

    async def _listed(self, session: Session, rows: Sequence[Row], *, past: bool) -> list[CustomerScores]:
        """Return the rows of a list, each with what its customer's facts say beside it."""
        workspace = await workspaces.find(session, session.tenant)
        if workspace is None or not rows:
            return []
        times = {row["customer_id"]: row["as_of"] if past else valid_at(row["as_of"], workspace) for row in rows}
        looks = await self._evaluation.look_all(session, workspace, times, past=past)
        found = []
        for row in rows:
            customer_id = row["customer_id"]
            seen = Seen(looks[customer_id], workspace.currency) if customer_id in looks else None
            score = {row["kind"]: published(seen, {row["kind"]: row})[row["kind"]]}
            found.append(CustomerScores(customer_id, row["type"], times[customer_id], score))
        return found

    async def _look(self, session: Session, customer_id: UUID, as_of: datetime, *, past: bool) -> "Seen | None":
        workspace = await workspaces.find(session, session.tenant)
        if workspace is None:
            return None
        look = await self._evaluation.look(session, workspace, customer_id, as_of, past=past)
        return Seen(look, workspace.currency) if look else None


@dataclass(frozen=True, slots=True)
class Seen:
    """A customer evaluated without writing, and the currency of the money in it."""

    look: Look
    currency: str


def valid_at(as_of: datetime, workspace: Workspace | None) -> datetime:
    """Return the latest time for which a standing is known to hold: its own, or that of a look at everybody since."""
    looked_at = workspace.evaluated_at if workspace else None
    return max(as_of, looked_at) if looked_at else as_of


def published(seen: Seen | None, stored: Mapping[str, Row]) -> dict[str, Shown]:
    """Return published scores, and fresh ones of kinds that never had any; what is said next must fit them.

    Where the facts still say what was published, the reasons are those of now: days of silence go on without a write.
    """
    fresh = seen.look.evaluation.scores if seen else {}
    scores = {kind: stored_or_fresh(row, fresh.get(kind)) for kind, row in stored.items()}
    found = dict(shown_of(merged(seen, scores)))
    for kind, row in stored.items():
        outlook = found[kind].outlook if kind in found else None
        marks = row["body"]["currency"], row["policy_version"], row["previous_value"], row["changed_at"]
        found[kind] = Shown(scores[kind], *marks, outlook)
    return found


def stored_or_fresh(row: Row, fresh: Score | None) -> Score:
    """Return the fresh score where it is the stored one but for what drifts with time, else the stored one."""
    if fresh is not None:
        gist = ledger.gist_of(ledger.body_of(fresh, row["body"]["currency"]))
        if (row["value"], row["points"], ledger.gist_of(row["body"])) == (fresh.value, fresh.points, gist):
            return fresh
    return ledger.read_score(row["kind"], row["value"], row["points"], row["body"])


def merged(seen: Seen | None, stored: Mapping[str, Score]) -> Seen | None:
    """Return what was seen, with published scores in the place of fresh ones: what is said next must fit them."""
    if seen is None:
        return None
    look = seen.look
    evaluation = Evaluation({**look.evaluation.scores, **stored}, look.evaluation.held, look.evaluation.rhythm)
    return Seen(Look(look.subject, look.moment, evaluation, look.policy_version), seen.currency)


def shown_of(seen: Seen | None) -> Mapping[str, Shown]:
    """Return every kind of score of a customer; all unknown while the workspace's settings have not come."""
    if seen is None:
        nothing = {kind: unknown(kind, "workspace settings") for kind in KINDS}
        return {kind: Shown(score, "", 1, None, None, None) for kind, score in nothing.items()}
    look = seen.look
    ahead = outlooks(look.subject, look.moment, look.evaluation)
    return {
        kind: Shown(score, seen.currency, look.policy_version, None, None, ahead[kind])
        for kind, score in look.evaluation.scores.items()
    }


def add_values(where: Where, values: Collection[str]) -> None:
    """Limit a list to scores with one of the values; `null` stands for none."""
    wanted = [value for value in values if value != "null"]
    none = " OR s.value IS NULL" if "null" in values else ""
    if len(wanted) == 1 and not none:
        where.add("s.value = {}", wanted[0])  # a range of the index, in the order of the list
    elif values:
        where.add(f"(s.value = any({{}}::text[]){none})", wanted)


def add_span(where: Where, column: str, after: datetime | None, before: datetime | None) -> None:
    """Limit a list to rows after one time and before another, both exclusive."""
    if after:
        where.add(f"{column} > {{}}::timestamptz", after)
    if before:
        where.add(f"{column} < {{}}::timestamptz", before)
