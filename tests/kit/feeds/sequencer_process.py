"""A process that numbers events until it is killed: `sequencer_process.py <admin url>`."""

import asyncio
import sys

from services.kit.clock import SystemClock
from services.kit.feeds import Sequencer
from tests.cluster import KithDatabase

BATCH = 20


async def main(admin_url: str) -> None:
    """Number until killed."""
    database = KithDatabase("kith", admin_url).connect("contacts", pool_size=3)
    await database.start()
    await Sequencer(database, SystemClock(), batch=BATCH).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
