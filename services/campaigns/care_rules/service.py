"""What can be done with care rules: read, change; and the rules in force for the follower and the clock."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from services.campaigns.care_rules import repository
from services.campaigns.care_rules.rules import Code, Rule
from services.campaigns.care_rules.schemas import (
    CareParametersUpdate,
    CareRuleQuery,
    CareRuleUpdate,
    rule_of,
)
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.problems import ErrorItem, Invalid, NotFound
from services.kit.versions import check_version
from services.kit.web.lists import Binding, Rows, Where

if TYPE_CHECKING:
    import asyncpg

Rules = Mapping[Code, Rule]
"""The rules of a workspace that are switched on."""

OnChange = Callable[[Session], Awaitable[None]]
"""Called in the transaction that changed a rule."""


class CareRules:
    """The verbs on care rules."""

    def __init__(self, clock: Clock, on_change: OnChange) -> None:
        self._clock = clock
        self._on_change = on_change

    async def page(self, session: Session, query: CareRuleQuery, bound: Binding) -> Rows:
        """Return a page of the workspace's rules."""
        where = Where().add("c.workspace_id = {}", session.tenant)
        if query.code:
            where.add("c.code = any({}::text[])", query.code)
        if query.enabled is not None:
            where.add("c.enabled = {}", query.enabled)
        return await repository.page(session, where, query, bound, query.sort)

    async def read(self, session: Session, rule_id: UUID) -> "asyncpg.Record":
        """Return a rule; NotFound if the workspace has none with this id."""
        row = await repository.find(session, rule_id)
        if row is None:
            raise NotFound
        return row

    async def change(
        self, session: Session, rule_id: UUID, body: CareRuleUpdate, wanted: frozenset[int] | None
    ) -> "asyncpg.Record":
        """Merge a patch into a rule; customers are looked at again under the new setting."""
        row = await repository.lock(session, rule_id)
        if row is None:
            raise NotFound
        check_version(row["version"], wanted)
        enabled = row["enabled"] if body.enabled is None else body.enabled
        parameters = patched(Code(row["code"]), row["parameters"], body.parameters)
        if enabled == row["enabled"] and parameters == row["parameters"]:
            return row
        changed = await repository.change(session, rule_id, self._clock.now(), enabled=enabled, parameters=parameters)
        await self._on_change(session)
        return changed or row

    async def in_force(self, session: Session, workspace_ids: Collection[UUID]) -> dict[UUID, Rules]:
        """Return the rules that are switched on; a workspace seen for the first time gets the defaults. Worker role."""
        rows = await repository.of_workspaces(session, workspace_ids)
        new = set(workspace_ids) - {row["workspace_id"] for row in rows}
        if new:
            await repository.seed(session, new)
            rows = await repository.of_workspaces(session, workspace_ids)
        found: dict[UUID, dict[Code, Rule]] = {workspace_id: {} for workspace_id in workspace_ids}
        for row in rows:
            if row["enabled"]:
                found[row["workspace_id"]][Code(row["code"])] = rule_from(row["code"], orjson.dumps(row["parameters"]))
        return found  # type: ignore[return-value]  # a dict of dicts is a dict of mappings


def patched(code: Code, stored: dict[str, Any], patch: CareParametersUpdate | None) -> dict[str, Any]:
    """Return stored parameters after a patch; null removes one, intervals are merged by tier."""
    if patch is None:
        return stored
    sent = patch.model_dump(mode="json", include=patch.model_fields_set)
    rule = rule_of(code, {})
    unfit = [name for name in sent if not hasattr(rule, name)]
    if unfit:
        message = f"The rule {code} has no such parameter."
        raise Invalid(
            message,
            errors=[ErrorItem("body", message, "not_applicable", pointer=f"#/parameters/{name}") for name in unfit],
        )
    if sent.get("intervals") is not None:
        sent["intervals"] = {**stored.get("intervals", {}), **sent["intervals"]}
    return {name: value for name, value in {**stored, **sent}.items() if value is not None}


@lru_cache(maxsize=256)
def rule_from(code: str, stored: bytes) -> Rule:
    """Return a rule from its stored parameters; the same few are asked for with every batch of events."""
    return rule_of(Code(code), orjson.loads(stored))
