"""The epoch of a feed: new whenever its history may have been rewritten, so that followers notice and rebuild."""

import structlog

from services.kit.database import Database, Session
from services.kit.ids import new_id

log = structlog.get_logger(__name__)

# A restored cluster has another identifier or goes on in a new timeline, and so does a promoted standby, which may
# have missed the last commits of its primary.
LINEAGE = """
SELECT (SELECT system_identifier FROM pg_control_system())::text
       || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
"""


async def check_lineage(database: Database) -> None:
    """Begin a new epoch where the database is not the one that numbered the last events."""
    async with database.worker() as session:
        lineage: str = await session.fetchval(LINEAGE)
        known = await session.fetchval("SELECT lineage FROM feed_state FOR UPDATE")
        if known is None:
            await session.execute("UPDATE feed_state SET lineage = $1", lineage)
        elif known != lineage:
            await _renew(session, lineage)


async def renew_epoch(database: Database) -> str:
    """Begin a new epoch: for operators, after a restore that the server cannot know of (one schema by pg_restore).

    Returns the new epoch. Followers of the feed stop, raise an alert and rebuild from snapshots.
    """
    async with database.worker() as session:
        return await _renew(session, await session.fetchval(LINEAGE))


async def _renew(session: Session, lineage: str) -> str:
    epoch = new_id().hex
    await session.execute("UPDATE feed_state SET epoch = $1, lineage = $2, updated_at = now()", epoch, lineage)
    log.warning("feed_epoch_renewed", epoch=epoch)
    return epoch
