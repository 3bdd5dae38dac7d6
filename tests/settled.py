"""When nothing is under way any more: every delivery worked out, every event numbered and applied by all who follow.

As a program (`python -m tests.settled DATABASE_URL`) it waits until that is so.
"""

import asyncio
import shlex
import sys
from itertools import product
from pathlib import Path

import asyncpg

from migrations import SCHEMAS
from tests.waiting import until

DELIVERIES = "SELECT count(*) FROM contacts.deliveries WHERE status = 'received'"
WAITING = "SELECT count(*) FROM {0}.outbox"
# Followers are called after their producer; a pair of schemas that has none counts none.
BEHIND = """
SELECT count(*) FROM {0}.cursors c, {1}.feed_state f
WHERE c.follower LIKE '%-from-{1}' AND (c.position, c.state) IS DISTINCT FROM (f.head, 'following')
"""
PARTS = [DELIVERIES, *map(WAITING.format, SCHEMAS), *(BEHIND.format(*pair) for pair in product(SCHEMAS, repeat=2))]
UNSETTLED = f"SELECT {' + '.join(f'({part})' for part in PARTS)}"
"""A number that is 0 when everything is settled. One statement, so that all of it is seen at one moment: a step takes
its work away from one part and puts what follows from it into another, in one transaction."""


def pause(address: str) -> str:
    """Return what stands in a script where a reader would pause: it waits until everything is settled."""
    root, python, database = map(shlex.quote, (str(Path(__file__).parents[1]), sys.executable, address))
    return f"\n(cd {root} && {python} -m tests.settled {database})\n"


async def settle(address: str) -> None:
    """Wait until everything is settled."""
    connection = await asyncpg.connect(address)

    async def settled() -> bool:
        return bool(await connection.fetchval(UNSETTLED) == 0)

    try:
        await until(settled)
    finally:
        await connection.close()


if __name__ == "__main__":
    asyncio.run(settle(sys.argv[1]))
