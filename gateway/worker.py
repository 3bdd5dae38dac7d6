"""What the gateway does beside requests: heed news of keys, write their last use, publish changes of workspaces."""

from gateway.container import Container
from gateway.events.consumers import IntoJournal
from services.contracts.registry import PRODUCERS
from services.kit.feeds import FeedSource, Follower
from services.kit.feeds.source import OwnFeed
from services.kit.web.app import Kit
from services.kit.web.background import base_worker
from services.kit.worker import Worker

SELF = "gateway"


def build_worker(kit: Kit, container: Container) -> Worker:
    """Return the loops of this process. Those about keys belong to every replica, whoever does the background work."""
    worker = base_worker(kit)
    worker.add("key_news", container.keyring.heed)
    worker.add("key_usage", container.usage.run)
    if kit.settings.run_worker:
        keep_journal(worker, kit, container)
    return worker


def keep_journal(worker: Worker, kit: Kit, container: Container) -> None:
    """Follow the feeds of all services, and our own, into the journal."""
    for producer in PRODUCERS:
        if producer != SELF and producer not in kit.settings.peers:
            continue
        source = OwnFeed(kit.database) if producer == SELF else FeedSource(container.services.client(producer), SELF)
        name = f"journal-from-{producer}"
        handler = IntoJournal(producer, kit.clock)
        worker.add(name, Follower(name, source, handler, kit.database, clock=kit.clock).run)
    worker.add("journal", container.house.run)
