"""What the gateway does beside requests: heed news of keys, write their last use, publish changes of workspaces."""

from gateway.container import Container
from services.kit.web.app import Kit
from services.kit.web.background import base_worker
from services.kit.worker import Worker


def build_worker(kit: Kit, container: Container) -> Worker:
    """Return the loops of this process. Those about keys belong to every replica, whoever does the background work."""
    worker = base_worker(kit)
    worker.add("key_news", container.keyring.heed)
    worker.add("key_usage", container.usage.run)
    return worker
