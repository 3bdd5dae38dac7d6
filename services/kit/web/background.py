"""What every process of Kith does beside requests: hear of news, number its events, look after what it keeps."""

from services.kit.audit.chaining import add_audit
from services.kit.feeds import add_sequencer, add_wakeups
from services.kit.sealing import add_resealer
from services.kit.web.app import Kit
from services.kit.web.purging import add_reply_purge
from services.kit.worker import Worker


def base_worker(kit: Kit) -> Worker:
    """Return a worker with the loops that all processes share; one that only serves requests has wake-ups alone."""
    settings = kit.settings
    worker = Worker(settings.service, stop_seconds=settings.shutdown_seconds)
    add_wakeups(worker, kit.database)
    if settings.run_worker:
        add_sequencer(worker, kit.database, kit.clock, retention_days=settings.feed_retention_days)
        add_reply_purge(worker, kit.database, kit.clock)
        add_audit(worker, kit.database, kit.clock, retention_days=settings.audit_retention_days)
        add_resealer(worker, kit.database, kit.vault)
    kit.reports["loops"] = worker.report
    return worker
