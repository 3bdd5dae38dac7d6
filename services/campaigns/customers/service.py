"""What can be asked of the audience: lists by filter, lists by conditions, one customer."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import orjson

from services.campaigns import callers
from services.campaigns.customers import repository
from services.campaigns.customers.conditions import compile_tree
from services.campaigns.customers.readings import summary
from services.campaigns.customers.rules import CARE, FIELDS, ORDERS, SCORES, TALKS, Misfit, fields_in, read_tree
from services.campaigns.customers.schemas import ConditionNode, CustomerQuery, CustomerSearch, CustomerSummary
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.problems import NotFound, invalid_body
from services.kit.web.json_body import escape
from services.kit.web.lists import Binding, ListQuery, Rows, Where
from services.kit.web.visibility import only_visible

if TYPE_CHECKING:
    import asyncpg

PEOPLE = "people:read"
NEEDS = {
    "value_tier": SCORES,
    "customer_class": SCORES,
    "rfm": SCORES,
    "churn_risk": SCORES,
    "value_tier_points": SCORES,
    "net_revenue": ORDERS,
    "last_order_at": ORDERS,
    "last_order_after": ORDERS,
    "last_order_before": ORDERS,
    "last_contact_at": TALKS,
    "last_contact_after": TALKS,
    "last_contact_before": TALKS,
    "has_open_reminder": CARE,
    "next_reminder_at": CARE,
}
"""What a key must be allowed to read before it may filter or sort by it."""


class Customers:
    """The verbs on customers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def page(self, session: Session, caller: Identity, query: CustomerQuery, bound: Binding) -> Rows:
        """Return a page of customers by filters."""
        require(caller, [*sorted(query.model_fields_set), query.sort.removeprefix("-")])
        where = visible(repository.present(session, deleted=query.deleted), caller)
        for name in ("type", "lifecycle_stage", "region", "value_tier", "customer_class", "rfm", "churn_risk"):
            repository.any_choice(where, f"a.{name}", getattr(query, name))
        if query.tag:
            where.add(repository.TAGGED, query.tag)
        callers.any_rep(
            where, "a.owner_rep_id", [callers.rep_in_query(caller, rep, "owner_rep_id") for rep in query.owner_rep_id]
        )
        if query.has_open_reminder is not None:
            where.add(f"a.open_reminders {'>' if query.has_open_reminder else '='} 0")
        repository.span(where, "a.last_order_at", query.last_order_after, query.last_order_before)
        repository.span(where, "a.last_contact_at", query.last_contact_after, query.last_contact_before)
        return await repository.LISTING.fetch(session, where, query, bound, sort=query.sort)

    async def search(self, session: Session, caller: Identity, body: CustomerSearch, bound: Binding) -> Rows:
        """Return a page of customers by a tree of conditions; the cursor fits this tree only."""
        require(caller, [body.sort.removeprefix("-")])
        where = visible(repository.present(session, deleted=False), caller)
        if body.rule:
            self._limit(where, caller, body.rule)
        rule = orjson.dumps(body.rule.model_dump(mode="json", exclude_unset=True) if body.rule else None)
        page = ListQuery(limit=body.limit, cursor=body.cursor, count=body.count)
        return await repository.LISTING.fetch(
            session, where, page, replace(bound, scope=bound.scope + rule), sort=body.sort
        )

    async def read(self, session: Session, caller: Identity, customer_id: UUID) -> "asyncpg.Record":
        """Return a customer; NotFound where there is none that the caller may see."""
        for row in await repository.find(session, [customer_id]):
            if may_see(row, caller):
                return row
        raise NotFound

    async def summaries(
        self, session: Session, caller: Identity, ids: Sequence[UUID], include: Collection[str]
    ) -> dict[UUID, CustomerSummary]:
        """Return customers in short, where they are asked for; those whom the caller may not see are left out."""
        if "customer_summary" not in include or not caller.may(PEOPLE):
            return {}
        rows = await repository.find(session, ids)
        return {row["id"]: summary(row, caller) for row in rows if may_see(row, caller)}

    def _limit(self, where: Where, caller: Identity, rule: ConditionNode) -> None:
        """Add a tree to a list's conditions; Invalid names the place of a fault, Forbidden a missing scope."""
        try:
            tree = read_tree(rule.model_dump(exclude_unset=True), ("rule",))
        except Misfit as misfit:
            pointer = "#" + "".join(f"/{escape(str(step))}" for step in misfit.path)
            raise invalid_body(pointer, str(misfit), misfit.code) from misfit
        for name in sorted(fields_in(tree)):
            caller.require(FIELDS[name].scope)
        compile_tree(tree, where, self._clock.now(), lambda rep: callers.rep_in_body(caller, rep, "#/rule"))


def require(caller: Identity, names: Iterable[str]) -> None:
    """Raise Forbidden where the caller may not read what he or she wants to filter or sort by."""
    for name in names:
        if name in NEEDS:
            caller.require(NEEDS[name])


def visible(where: Where, caller: Identity) -> Where:
    """Limit a list to the customers that exist for the caller."""
    if not caller.may("accounts:read"):
        where.add("a.type = 'person'")
    return only_visible(where, caller, "a.owner_rep_id")


def may_see(row: "asyncpg.Record", caller: Identity) -> bool:
    """Tell whether a customer exists for the caller."""
    if row["type"] == "account" and not caller.may("accounts:read"):
        return False
    return caller.sees(row["owner_rep_id"])
