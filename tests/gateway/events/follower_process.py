"""A process that follows contacts into the journal, slowly enough to be killed in a batch: `... <admin url>`."""

import asyncio
import sys
from collections.abc import Sequence

from gateway.events.consumers import IntoJournal
from services.kit.clock import SystemClock
from services.kit.database import Session
from services.kit.feeds import FeedEvent, Follower
from services.kit.feeds.source import OwnFeed
from tests.cluster import KithDatabase


class Slowly(IntoJournal):
    """Takes a moment over every batch, before and after writing it."""

    async def apply(self, session: Session, events: Sequence[FeedEvent], prepared: None) -> None:
        """Apply with pauses."""
        await asyncio.sleep(0.02)
        await super().apply(session, events, prepared)
        await asyncio.sleep(0.02)


async def main(admin_url: str) -> None:
    """Follow until killed."""
    kith = KithDatabase("kith", admin_url)
    contacts, gateway = kith.connect("contacts"), kith.connect("gateway")
    await contacts.start()
    await gateway.start()
    handler = Slowly("contacts", SystemClock())
    await Follower("journal-from-contacts", OwnFeed(contacts), handler, gateway, batch=10, wait_seconds=0.2).run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
