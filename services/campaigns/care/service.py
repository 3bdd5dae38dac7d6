"""Looking at customers: the rules are asked, reminders opened, folded, withdrawn and refreshed, set by set."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.campaigns.audience import service as audience
from services.campaigns.audience.service import Key
from services.campaigns.care.rules import Active, Draft, Plan, drafts, facts_of, plan, refreshed
from services.campaigns.care_rules.service import CareRules
from services.campaigns.interactions import service as interactions
from services.campaigns.reminders import service as reminders
from services.campaigns.reminders.rules import Status
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.ids import new_id

if TYPE_CHECKING:
    import asyncpg

ALL = "all"
Closings = list[tuple[UUID, UUID, str, str | None, UUID | None]]


@dataclass(frozen=True, slots=True)
class Look:
    """One customer, and what is to be done about him or her."""

    row: Mapping[str, Any]
    plan: Plan

    @property
    def key(self) -> Key:
        """Workspace and customer."""
        return self.row["workspace_id"], self.row["customer_id"]


class Care:
    """Keeps the reminders of customers in step with what is known of them."""

    def __init__(self, care_rules: CareRules, clock: Clock) -> None:
        self._care_rules = care_rules
        self._clock = clock

    async def look(self, session: Session, keys: Collection[Key], effects: Mapping[Key, str] | None = None) -> None:
        """Look at customers; `effects` says how far the facts behind this look may reach (default: all)."""
        if not keys:
            return
        now = self._clock.now()
        looks = await self._looks(session, keys, effects or {}, now)
        changed = await withdraw(session, looks, now)
        changed += await self._open(session, looks, now)
        changed += await refresh(session, looks, now)
        await audience.set_looks(session, {one.key: one.plan.look_at for one in looks})
        await settle(session, changed)

    async def look_by_the_clock(self, session: Session, limit: int) -> int:
        """Look at customers for whom time alone may have made care due; return how many."""
        now = self._clock.now()
        keys = await audience.due(session, now, limit)
        if keys:
            await audience.set_contacts(session, await interactions.last_contacts(session, keys, now), {})
            await self.look(session, keys)
        return len(keys)

    async def sweep(self, session: Session, limit: int) -> int:
        """Wake reminders whose snooze has ended and expire those that are too old; return how many."""
        now = self._clock.now()
        due = await reminders.due(session, now, limit)
        if due:
            await audience.lock(session, {(row["workspace_id"], row["customer_id"]) for row in due})
            await settle(
                session, await reminders.sweep(session, [(row["workspace_id"], row["id"]) for row in due], now)
            )
        return len(due)

    async def withdraw_orders(self, session: Session, orders: Sequence[tuple[UUID, UUID, UUID]]) -> None:
        """Withdraw reminders about orders that no longer count, given as workspace, customer, order."""
        found = await reminders.of_orders(session, orders)
        closings = [(row["workspace_id"], row["id"], str(Status.EXPIRED), "order_withdrawn", None) for row in found]
        if closings:
            await settle(session, await reminders.close(session, closings, self._clock.now()))

    async def follow_merges(self, session: Session, moves: Sequence[tuple[UUID, UUID, UUID]]) -> None:
        """Move reminders of merged customers, given as workspace, customer, survivor."""
        moved = await reminders.move(session, moves, self._clock.now())
        await settle(session, moved)
        await audience.count_reminders(session, {(workspace_id, gone) for workspace_id, gone, _ in moves})

    async def _looks(
        self, session: Session, keys: Collection[Key], effects: Mapping[Key, str], now: datetime
    ) -> list[Look]:
        rows = await audience.for_care(session, keys, now)
        rules = await self._care_rules.in_force(session, {row["workspace_id"] for row in rows})
        active: dict[Key, list[Active]] = defaultdict(list)
        for row in await reminders.active_of(session, keys):
            active[row["workspace_id"], row["customer_id"]].append(active_from(row))
        looks = []
        for customer in map(dict, rows):
            key = customer["workspace_id"], customer["customer_id"]
            facts = facts_of(customer, effects.get(key, ALL))
            looks.append(Look(customer, plan(facts, rules[key[0]], active[key], customer["coming_at"], now)))
        return looks

    async def _open(self, session: Session, looks: Sequence[Look], now: datetime) -> "list[asyncpg.Record]":
        """Add the reminders whose causes are new or hold again, then give leaders what was folded into them."""
        wanted = [(one, trigger) for one in looks for trigger in one.plan.triggers]
        if not wanted:
            return []
        known = await reminders.known_causes(session, [(one.key[0], trigger.cause) for one, trigger in wanted])
        fresh = defaultdict(list)
        for one, trigger in wanted:
            key = one.key[0], trigger.cause
            if key not in known or known[key]:
                fresh[one.key].append(trigger)
        if not fresh:
            return []
        habits = await interactions.recent(session, list(fresh), now)
        rows: list[dict[str, Any]] = []
        for one in looks:
            if one.key in fresh:
                made = drafts(one.row, fresh[one.key], one.plan.standing, habits.get(one.key, []), now)
                rows += rows_of(one.row, made, known, now)
        opened = await reminders.insert(session, rows)
        return opened + await reminders.fold(session, foldings(rows), now)


async def withdraw(session: Session, looks: Sequence[Look], now: datetime) -> "list[asyncpg.Record]":
    """Close the reminders whose cause is gone."""
    closings: Closings = [
        (one.key[0], closing.id, str(closing.status), closing.reason, closing.leader_id)
        for one in looks
        for closing in one.plan.closings
    ]
    return await reminders.close(session, closings, now) if closings else []


async def refresh(session: Session, looks: Sequence[Look], now: datetime) -> "list[asyncpg.Record]":
    """Give unfinished reminders their customer's present rep and priority."""
    news = [
        (one.key[0], active.id, *new)
        for one in looks
        for active in one.plan.standing
        if (new := refreshed(one.row, active))
    ]
    return await reminders.refresh(session, news, now) if news else []


async def settle(session: Session, changed: "Sequence[asyncpg.Record]") -> None:
    """Keep the customers' counts and tell others."""
    if changed:
        await audience.count_reminders(session, {(row["workspace_id"], row["customer_id"]) for row in changed})
        await reminders.tell(session, changed)


def active_from(row: "asyncpg.Record") -> Active:
    """Return an unfinished reminder as the rules see it."""
    return Active(
        id=row["id"],
        rule=row["rule"],
        cause=row["cause"],
        fact_at=row["fact_at"],
        due_at=row["due_at"],
        contact_at=row["contact_at"],
        rep_id=row["rep_id"],
        rep_pinned=row["rep_pinned"],
        priority=row["priority"],
    )


def rows_of(
    customer: Mapping[str, Any], made: Sequence[Draft], known: Mapping[tuple[UUID, str], UUID | None], now: datetime
) -> list[dict[str, Any]]:
    """Return drafts as rows to add; those that fold point to their leader, and one that stands again keeps its id."""
    ids = {one.trigger.cause: known.get((customer["workspace_id"], one.trigger.cause)) or new_id() for one in made}
    return [row_of(customer, one, ids, now) for one in made]


def row_of(customer: Mapping[str, Any], one: Draft, ids: Mapping[str, UUID], now: datetime) -> dict[str, Any]:
    """Return one draft as a row."""
    trigger = one.trigger
    leader = None if one.leader is None else ids.get(one.leader) or UUID(one.leader)
    return {
        "workspace_id": customer["workspace_id"],
        "id": ids[trigger.cause],
        "customer_id": customer["customer_id"],
        "rep_id": customer["rep_id"],
        "rule": trigger.code,
        "cause": trigger.cause,
        "fact_at": trigger.fact_at,
        "order_id": trigger.order_id,
        "function": one.function,
        "channel": one.channel,
        "form": one.form,
        "priority": one.priority,
        "status": Status.MERGED if leader else Status.OPEN,
        "due_at": trigger.due_at,
        "contact_at": one.contact_at,
        "expires_at": trigger.expires_at,
        "facts": dict(trigger.facts),
        "merged_into": leader,
        "created_at": now,
        "updated_at": now,
        "closed_at": now if leader else None,
    }


def foldings(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what leaders take over from the rows that fold into them."""
    taken: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    for row in rows:
        if row["merged_into"]:
            key = row["workspace_id"], row["merged_into"]
            fold = taken.setdefault(key, {"workspace_id": key[0], "id": key[1], "also": [], "due_at": row["due_at"]})
            fold["also"].append({"rule": row["rule"], "facts": row["facts"]})
            fold["due_at"] = min(fold["due_at"], row["due_at"])
    return list(taken.values())
