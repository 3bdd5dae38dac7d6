"""A process that follows, slowly enough to be killed in the middle of a batch: `follower_process.py <admin url>`."""

import asyncio
import sys
from collections.abc import Sequence

from services.kit.clock import SystemClock
from services.kit.database import Session
from services.kit.feeds import FeedEvent
from tests.cluster import KithDatabase
from tests.kit.feeds.stage import Sums, opened


class Slowly(Sums):
    """Takes a moment over every batch, before and after writing it."""

    async def apply(self, session: Session, events: Sequence[FeedEvent], prepared: None) -> None:
        """Apply with pauses."""
        await asyncio.sleep(0.02)
        await super().apply(session, events, prepared)
        await asyncio.sleep(0.02)


async def main(admin_url: str) -> None:
    """Follow until killed."""
    async with opened(KithDatabase("kith", admin_url), SystemClock()) as stage:
        await stage.follower(Slowly(), batch=10, wait=0.2).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
