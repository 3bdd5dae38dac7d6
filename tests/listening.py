"""Waiting until wake-ups can be heard: a NOTIFY that nobody listens to yet is lost, by design."""

from tests.cluster import KithDatabase
from tests.waiting import until

LISTENING = "SELECT count(*) AS number FROM pg_stat_activity WHERE datname = $1 AND query ILIKE 'LISTEN%'"
"""Connections that have done nothing since they began to listen; these do nothing else but send."""


async def until_listening(kith: KithDatabase, number: int) -> None:
    """Wait until so many connections to a database listen."""

    async def listening() -> bool:
        [row] = await kith.as_admin(LISTENING, kith.name)
        return bool(row["number"] >= number)

    await until(listening)
