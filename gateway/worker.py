"""What the gateway does beside requests: heed news of keys, write their last use, publish changes of workspaces."""

from gateway.container import Container
from gateway.settings import GatewaySettings
from services.kit.feeds.sequencer import Sequencer
from services.kit.web.app import Kit
from services.kit.worker import Worker


def build_worker(kit: Kit, container: Container, settings: GatewaySettings) -> Worker:
    """Return the loops of this process. The first three belong to every replica, whoever does the background work."""
    worker = Worker("gateway")
    worker.add("wakeups", lambda: kit.database.wakeups.run(kit.database))
    worker.add("key_news", container.keyring.heed)
    worker.add("key_usage", container.usage.run)
    if settings.run_worker:
        sequencer = Sequencer(kit.database, kit.clock, retention_days=settings.feed_retention_days)
        worker.add("sequencer", sequencer.run)
        worker.add("feed_house", sequencer.keep_house)
    return worker
