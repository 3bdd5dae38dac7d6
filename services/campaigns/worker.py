"""What campaigns does beside requests: follow three feeds, keep care in step with the clock, run jobs, publish."""

from typing import Any

from services.campaigns.care import jobs as care_jobs
from services.campaigns.care.clock import CareClock
from services.campaigns.care.consumers import FromContacts, FromGateway, FromScoring
from services.campaigns.container import Container
from services.campaigns.reminders import jobs as reminder_jobs
from services.campaigns.settings import CampaignsSettings
from services.kit.feeds import FeedSource, Follower, Handler
from services.kit.jobs import JobRunner, Limits, add_jobs
from services.kit.web.app import Kit
from services.kit.web.background import base_worker
from services.kit.worker import Worker


def build_worker(kit: Kit, container: Container, settings: CampaignsSettings, limits: Limits | None = None) -> Worker:
    """Return the loops of this process; one that only serves requests has the wake-ups alone."""
    worker = base_worker(kit)
    if settings.run_worker:
        add_followers(worker, kit, container)
        worker.add("care-clock", CareClock(kit.database, container.care, settings.care_seconds).run)
        runner = JobRunner(kit.database, kit.clock, limits)
        runner.handler(reminder_jobs.KIND, at_once=8)(container.recorder.run)
        runner.handler(care_jobs.KIND, at_once=1)(care_jobs.run)
        add_jobs(worker, runner, kit.database, kit.clock, retention_days=kit.settings.jobs_retention_days)
    return worker


def add_followers(worker: Worker, kit: Kit, container: Container) -> None:
    """Follow the gateway, contacts and scoring."""
    follow(worker, kit, container, "gateway", FromGateway(container.care_rules))
    follow(worker, kit, container, "contacts", FromContacts(container.care, container.profiles, kit.clock))
    follow(worker, kit, container, "scoring", FromScoring(container.care))


def follow(worker: Worker, kit: Kit, container: Container, producer: str, handler: Handler[Any]) -> None:
    """Add the loop that follows one producer."""
    name = f"audience-from-{producer}"
    source = FeedSource(container.peers.client(producer), "campaigns")
    worker.add(name, Follower(name, source, handler, kit.database, clock=kit.clock).run)
