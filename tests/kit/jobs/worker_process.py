"""A worker that takes a slow job and is killed over it: `worker_process.py <admin url>`."""

import asyncio
import sys

from services.kit.clock import SystemClock
from services.kit.jobs import JobContext, JobRunner
from tests.cluster import KithDatabase


async def main(admin_url: str) -> None:
    """Work until killed."""
    database = KithDatabase("kith", admin_url).connect("contacts", pool_size=3)
    await database.start()
    runner = JobRunner(database, SystemClock())

    @runner.handler("slow")
    async def slow(context: JobContext) -> None:
        await context.progress(state={"worker": "other"})
        await asyncio.sleep(600)

    await runner.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
