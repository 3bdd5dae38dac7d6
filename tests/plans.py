"""What tests of plans share: a database with many rows, and a session that explains statements and runs none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from services.kit.database import Database, Session
from tests.cluster import TestCluster


class Explaining:
    """A session that keeps the plans of lists instead of running them; single rows it reads."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.tenant = session.tenant
        self.fetchrow = session.fetchrow
        self.fetchval = session.fetchval
        self.plans: list[str] = []

    async def fetch(self, sql: str, *args: object) -> list[object]:
        """Keep the plan of a statement; there are no rows."""
        rows = await self._session.fetch(f"EXPLAIN {sql}", *args)
        self.plans.append("\n".join(row[0] for row in rows))
        return []


@asynccontextmanager
async def filled_database(cluster: TestCluster, service: str, fill: str) -> AsyncIterator[Database]:
    """Connect to a service's database of its own that a statement has filled."""
    kith = await cluster.clone()
    connection = await asyncpg.connect(kith.admin_url)
    await connection.execute(fill)
    await connection.close()
    database = kith.connect(service, pool_size=2)
    await database.start()
    yield database
    await database.stop()
    await cluster.drop(kith)
