"""Going along the chain of a workspace's audit entries: is anything changed, missing, or added by another hand?"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.audit.chain import FACTS, VALUES, Link
from services.kit.database import Database, Session

if TYPE_CHECKING:
    import asyncpg

BATCH = 5000

CHAINS = "SELECT workspace_id, tail, tail_hash, head, hash FROM audit_chains ORDER BY workspace_id"
ENTRIES = f"""
SELECT e.id, e.position, e.digest, e.hash, e.redacted_at, {FACTS.format("e")} AS facts,
       CASE WHEN e.redacted_at IS NULL THEN {VALUES.format("e")} END AS values
FROM audit_entries e WHERE e.workspace_id = $1 AND e.position > $2 AND e.position <= $3 ORDER BY e.position LIMIT $4
"""
# Entries without a chain at all: whoever removes the chain's row removes no trace.
LOOSE = "SELECT DISTINCT workspace_id FROM audit_entries EXCEPT SELECT workspace_id FROM audit_chains"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in one workspace."""

    workspace_id: UUID
    head: Link
    """The end of the chain. Kept elsewhere, it also proves later that nobody wrote the whole chain anew."""
    checked: int
    fault: str | None
    """What is wrong, in a sentence; None where everything is as it was written."""


async def verify(database: Database) -> list[Verdict]:
    """Verify the audit of a schema, workspace by workspace. Worker role; reads in small transactions."""
    async with database.worker() as session:
        chains = await session.fetch(CHAINS)
        loose = await session.fetch(LOOSE)
    verdicts = [await _verify(database, chain) for chain in chains]
    return verdicts + [Verdict(row["workspace_id"], Link(), 0, "The chain itself is missing.") for row in loose]


async def _verify(database: Database, chain: "asyncpg.Record") -> Verdict:
    head = Link(chain["head"], chain["hash"])
    link = Link(chain["tail"], chain["tail_hash"])
    checked = 0
    while link.position < head.position:
        async with database.worker() as session:
            rows = await _entries(session, chain["workspace_id"], link, head)
        for row in rows:
            fault, link = _judge(row, link)
            if fault:
                return Verdict(chain["workspace_id"], head, checked, fault)
            checked += 1
        if not rows:
            fault = f"The entries from position {link.position + 1} to {head.position} are missing."
            return Verdict(chain["workspace_id"], head, checked, fault)
    fault = None if link == head else f"The chain does not end with the entry at position {head.position}."
    return Verdict(chain["workspace_id"], head, checked, fault)


async def _entries(session: Session, workspace_id: UUID, after: Link, head: Link) -> "list[asyncpg.Record]":
    return await session.fetch(ENTRIES, workspace_id, after.position, head.position, BATCH)


def _judge(row: "asyncpg.Record", before: Link) -> tuple[str | None, Link]:
    """Return what is wrong with an entry, and its link."""
    if row["position"] != before.position + 1:
        return f"The entry at position {before.position + 1} is missing.", before
    link = before.follow(row["facts"], row["digest"])
    if link.digest != row["hash"]:
        return f"The entry at position {link.position} ({row['id']}) is not as it was written.", link
    if row["redacted_at"] is None and row["values"] != row["digest"]:
        return f"The values of the entry at position {link.position} ({row['id']}) are not as they were written.", link
    return None, link
