"""Which rules are in force, and the list of all versions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.kit.database import Session
from services.kit.problems import NotFound
from services.kit.web.lists import Binding, ListQuery, Rows, Where
from services.scoring.policies import repository
from services.scoring.policies.repository import ids
from services.scoring.policies.rules import DEFAULT, Policy

if TYPE_CHECKING:
    import asyncpg

__all__ = ["InForce", "ids", "in_force", "page", "read", "seed"]

FIRST = 1


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy with the version that scores name."""

    version: int
    rules: Policy


BY_DEFAULT = InForce(FIRST, DEFAULT)


async def seed(session: Session, workspace_ids: Collection[UUID], now: datetime) -> None:
    """Give new workspaces the default rules as version 1."""
    if workspace_ids:
        await repository.seed(session, workspace_ids, DEFAULT.model_dump(mode="json"), now)


async def in_force(session: Session, workspace_id: UUID, at: datetime) -> InForce:
    """Return the policy in force at a time; a workspace that has none yet goes by the defaults."""
    row = await repository.in_force(session, workspace_id, at)
    return InForce(row["version"], known(row["rules"])) if row else BY_DEFAULT


def known(rules: dict[str, Any]) -> Policy:
    """Return stored rules; the defaults are recognised without being validated again."""
    policy = Policy.model_validate(rules)
    return DEFAULT if policy == DEFAULT else policy


async def read(session: Session, policy_id: UUID) -> "asyncpg.Record":
    """Return one policy; NotFound where the workspace has no such one."""
    row = await repository.read(session, policy_id)
    if row is None:
        raise NotFound
    return row


async def page(session: Session, query: ListQuery, statuses: Collection[str], bound: Binding, sort: str) -> Rows:
    """Return a page of policies, those of some statuses if any are named."""
    where = Where()
    if statuses:
        where.add("status = any({}::text[])", list(statuses))
    return await repository.page(session, where, query, bound, sort)
