"""Keeping scores: what changed is written, remembered and told; what did not change is left alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import orjson

from services.contracts.contacts import CustomerType
from services.contracts.envelope import Effects
from services.contracts.scoring import CustomerScored, OrderMark, ScoreState
from services.kit.database import Session
from services.kit.feeds.outbox import publish
from services.kit.feeds.snapshots import SnapshotPage
from services.scoring.facts.rules import Purchase
from services.scoring.ledger import repository
from services.scoring.ledger.repository import (
    begin_run,
    count,
    doubt_outcomes,
    finish_run,
    list_dated,
    list_history,
    list_present,
    put_dated,
    run_at,
    scores_of,
    standings_after,
    standings_of,
    waking,
)
from services.scoring.ledger.rules import Reason, Score

if TYPE_CHECKING:
    import asyncpg

__all__ = [
    "Cause",
    "Entry",
    "Figures",
    "ScoreSnapshot",
    "begin_run",
    "body_of",
    "count",
    "doubt_outcomes",
    "finish_run",
    "gist_of",
    "have_standing",
    "list_dated",
    "list_history",
    "list_present",
    "put_dated",
    "read_score",
    "run_at",
    "scores_of",
    "standings_after",
    "standings_of",
    "waking",
    "write",
    "write_dated",
]

Cause = Literal["fact", "time", "recompute", "sweep"]
"""Why a customer was evaluated: a fact of his or her own, time that passed, on request, or because others moved."""

DRIFTING: frozenset[Cause] = frozenset({"time", "recompute"})

FIGURES = (
    "currency",
    "net_revenue_minor",
    "orders_count",
    "purchase_days",
    "first_order_at",
    "last_order_id",
    "last_order_at",
    "last_order_effects",
)
"""Columns of a standing that are told beside the scores."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What care rules start from beside the scores."""

    currency: str
    net_revenue_minor: int
    orders_count: int
    purchase_days: int
    first_order_at: datetime | None
    last_order: Purchase | None
    overdue_ratio: float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """The outcome of one evaluation."""

    customer_id: UUID
    customer_type: CustomerType
    scores: Mapping[str, Score]
    figures: Figures
    columns: Mapping[str, object]
    """What the standing keeps beside the figures, to go on from."""
    wake_at: datetime | None
    effects: Effects = Effects.ALL


@dataclass(slots=True)
class Page:
    """What one batch of evaluations writes."""

    standings: list[dict[str, Any]] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    events: list[CustomerScored] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What all writings of a batch share."""

    workspace_id: UUID
    as_of: datetime
    policy_version: int
    cause: Cause

    @property
    def key(self) -> tuple[UUID, int, datetime, Cause]:
        """What every written score carries."""
        return self.workspace_id, self.policy_version, self.as_of, self.cause


async def write(
    session: Session, stamp: Stamp, entries: Sequence[Entry], standings: "Mapping[UUID, asyncpg.Record]"
) -> int:
    """Write outcomes of evaluations, `standings` being what was before; return how many customers were told about."""
    if not entries:
        return 0
    ids = [entry.customer_id for entry in entries]
    scores: dict[UUID, dict[str, asyncpg.Record]] = {one: {} for one in ids}
    for row in await scores_of(session, stamp.workspace_id, ids):
        scores[row["customer_id"]][row["kind"]] = row
    page = Page()
    for entry in entries:
        add(page, stamp, entry, standings.get(entry.customer_id), scores[entry.customer_id])
    await repository.put_standings(session, stamp.workspace_id, page.standings)
    await repository.put_scores(session, stamp.key, page.scores)
    await publish(session, page.events, workspace_id=stamp.workspace_id)
    return len(page.events)


def add(
    page: Page, stamp: Stamp, entry: Entry, before: "asyncpg.Record | None", known: "Mapping[str, asyncpg.Record]"
) -> None:
    """Add one customer to a page: the standing always, scores and an event where something changed."""
    written = {}
    for kind, score in entry.scores.items():
        row = add_score(page, stamp, entry, score, known.get(kind))
        if row is not None:
            written[kind] = row
    standing = standing_of(stamp, entry)
    moved = before is None or any(before[name] != standing[name] for name in FIGURES)
    version = before["version"] if before else 0
    told = bool(written) or (moved and (before is not None or entry.figures.orders_count > 0))
    standing["version"] = version + told
    page.standings.append(standing)
    if told:
        states = {kind: state_of(row) for kind, row in known.items()} | {
            kind: state_of(row) for kind, row in written.items()
        }
        page.events.append(scored(stamp.as_of, entry.customer_type, entry.effects, standing, states))


def add_score(
    page: Page, stamp: Stamp, entry: Entry, score: Score, before: "asyncpg.Record | None"
) -> dict[str, Any] | None:
    """Add a score where it changed; return its new row, None where it stays as it is."""
    body = body_of(score, entry.figures.currency)
    if before is None and score.value is None and score.points is None:
        return None
    if before is not None and is_same(stamp.cause, score, body, before):
        return None
    moved = before is None or before["value"] != score.value
    kept = before if before is not None and not moved else None
    row = {
        "customer_id": entry.customer_id,
        "kind": score.kind,
        "value": score.value,
        "points": score.points,
        "previous_value": kept["previous_value"] if kept else (before["value"] if before else None),
        "changed_at": kept["changed_at"] if kept else stamp.as_of,
        "body": orjson.dumps(body).decode(),
        "codes": score.codes,
        "news": moved or is_news(stamp.cause, score, before),
        "value_before": before["value"] if before else None,
        "points_before": before["points"] if before else None,
    }
    page.scores.append(row)
    return row


def is_same(cause: Cause, score: Score, body: Mapping[str, Any], before: "asyncpg.Record") -> bool:
    """Tell whether a stored score still holds.

    Where only time passed or others moved, it does as long as value, points and reasons do: what the reasons say
    beside their points, such as days of silence, follows from the facts and is worked out when somebody reads it.
    """
    if (before["value"], before["points"]) != (score.value, score.points):
        return False
    return before["body"] == body or (cause in DRIFTING and gist_of(before["body"]) == gist_of(body))


def gist_of(body: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what of a stored score makes it another one: reasons with their points, and what is missing."""
    return [reason[:2] for reason in body["reasons"]], body["missing"], body["scored_as"], body["currency"]


def is_news(cause: Cause, score: Score, before: "asyncpg.Record | None") -> bool:
    """Tell whether a score whose value stays is worth an entry of the history.

    Points that only drift because days pass are not: they follow from the entry before.
    """
    if before is None or codes_in(before["body"]) != list(score.codes):
        return True
    return cause != "time" and before["points"] != score.points


def codes_in(body: Mapping[str, Any]) -> list[str]:
    """Return the codes of stored reasons."""
    return [reason[0] for reason in body["reasons"]]


def standing_of(stamp: Stamp, entry: Entry) -> dict[str, Any]:
    """Return the row of where a customer stands, its version still open."""
    figures, last = entry.figures, entry.figures.last_order
    return {
        "customer_id": entry.customer_id,
        "as_of": stamp.as_of,
        "policy_version": stamp.policy_version,
        "currency": figures.currency,
        "net_revenue_minor": figures.net_revenue_minor,
        "orders_count": figures.orders_count,
        "purchase_days": figures.purchase_days,
        "first_order_at": figures.first_order_at,
        "last_order_id": last.order_id if last else None,
        "last_order_at": last.placed_at if last else None,
        "last_order_effects": last.effects if last else None,
        "overdue_ratio": figures.overdue_ratio,
        "wake_at": entry.wake_at,
        **entry.columns,
    }


def body_of(score: Score, currency: str) -> dict[str, Any]:
    """Return a score as it is stored: codes and parameters; money in minor units of `currency`, days as ordinals."""
    return {
        "currency": currency,
        "reasons": [
            [reason.code, reason.points, dict(reason.params), dict(reason.evidence)] for reason in score.reasons
        ],
        "missing": list(score.missing),
        "detail": dict(score.detail),
        "confidence": dict(score.confidence),
        "scored_as": str(score.scored_as) if score.scored_as else None,
    }


def read_score(kind: str, value: str | None, points: int | None, body: Mapping[str, Any]) -> Score:
    """Return a stored score."""
    return Score(
        kind=kind,
        value=value,
        points=points,
        reasons=tuple(Reason(*reason) for reason in body["reasons"]),
        missing=tuple(body["missing"]),
        detail=body["detail"],
        confidence=body["confidence"],
        scored_as=UUID(body["scored_as"]) if body["scored_as"] else None,
    )


def state_of(row: "asyncpg.Record | dict[str, Any]") -> ScoreState:
    """Return a score as the event tells it."""
    points: int | None = row["points"]
    codes = row["codes"] if isinstance(row, dict) else codes_in(row["body"])
    return ScoreState(
        value=row["value"],
        points=None if points is None else str(Decimal(points).scaleb(-2)),
        previous_value=row["previous_value"],
        changed_at=row["changed_at"],
        codes=list(codes),
    )


def scored(
    as_of: datetime,
    customer_type: CustomerType,
    effects: Effects,
    standing: "asyncpg.Record | dict[str, Any]",
    states: dict[str, ScoreState],
) -> CustomerScored:
    """Return the event of where a customer stands now."""
    last = standing["last_order_id"]
    return CustomerScored(
        version=standing["version"],
        customer_id=standing["customer_id"],
        customer_type=customer_type,
        as_of=as_of,
        currency=standing["currency"],
        net_revenue_minor=standing["net_revenue_minor"],
        orders_count=standing["orders_count"],
        purchase_days=standing["purchase_days"],
        first_order_at=standing["first_order_at"],
        last_order=OrderMark(
            order_id=last, placed_at=standing["last_order_at"], effects=Effects(standing["last_order_effects"])
        )
        if last
        else None,
        overdue_ratio=standing["overdue_ratio"],
        scores=states,
        effects=effects,
    )


async def write_dated(session: Session, stamp: Stamp, run_id: UUID, entries: Iterable[Entry]) -> None:
    """Write scores as of the time of a run; nothing present moves."""
    rows = [
        {
            "run_id": run_id,
            "customer_id": entry.customer_id,
            "kind": score.kind,
            "value": score.value,
            "points": score.points,
            "policy_version": stamp.policy_version,
            "body": orjson.dumps(body_of(score, entry.figures.currency)).decode(),
        }
        for entry in entries
        for score in entry.scores.values()
        if score.points is not None
    ]
    await put_dated(session, stamp.workspace_id, rows)


async def have_standing(session: Session, customers: Collection[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Return which of these (workspace, customer) were ever evaluated."""
    rows = await repository.have_standing(session, [one for one, _ in customers], [one for _, one in customers])
    return {(row["workspace_id"], row["customer_id"]) for row in rows}


class ScoreSnapshot:
    """Where all customers stand, for followers that begin anew."""

    stream = "scores"

    async def page(self, session: Session, after: str | None, limit: int) -> SnapshotPage:
        """Return the customers after a page's `next`."""
        begin = UUID(int=0)
        workspace_id, customer_id = map(UUID, after.split("/")) if after else (begin, begin)
        rows = await repository.state_page(session, workspace_id, customer_id, limit)
        states: dict[tuple[UUID, UUID], dict[str, ScoreState]] = {}
        for workspace in {row["workspace_id"] for row in rows}:
            ids = [row["customer_id"] for row in rows if row["workspace_id"] == workspace]
            for score in await scores_of(session, workspace, ids):
                states.setdefault((workspace, score["customer_id"]), {})[score["kind"]] = state_of(score)
        events = [
            (
                row["workspace_id"],
                scored(
                    row["as_of"],
                    row["type"],
                    Effects.SCORES,
                    row,
                    states.get((row["workspace_id"], row["customer_id"]), {}),
                ),
            )
            for row in rows
        ]
        last = rows[-1] if len(rows) == limit else None
        return SnapshotPage(events, f"{last['workspace_id']}/{last['customer_id']}" if last else None)
