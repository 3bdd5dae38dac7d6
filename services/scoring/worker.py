"""What scoring does beside requests: follow two feeds, keep time, run evaluations, publish scores."""

from typing import Any

from services.kit.feeds import FeedSource, Follower, Handler
from services.kit.jobs import JobRunner, Limits, add_jobs
from services.kit.web.app import Kit
from services.kit.web.background import base_worker
from services.kit.worker import Worker
from services.scoring.container import Container
from services.scoring.evaluation.clock import EvaluationClock, Sweeper
from services.scoring.evaluation.jobs import EvaluationJobs
from services.scoring.intake.consumers import FromContacts, FromGateway
from services.scoring.settings import ScoringSettings


def build_worker(kit: Kit, container: Container, settings: ScoringSettings, limits: Limits | None = None) -> Worker:
    """Return the loops of this process; one that only serves requests has the wake-ups alone."""
    worker = base_worker(kit)
    if settings.run_worker:
        add_followers(worker, kit, container)
        add_clocks(worker, kit, container, settings)
        runner = JobRunner(kit.database, kit.clock, limits)
        EvaluationJobs(container.evaluation).register(runner)
        add_jobs(worker, runner, kit.database, kit.clock, retention_days=kit.settings.jobs_retention_days)
    return worker


def add_followers(worker: Worker, kit: Kit, container: Container) -> None:
    """Follow the gateway and contacts."""
    follow(worker, kit, container, "gateway", FromGateway(container.evaluation, kit.clock))
    follow(worker, kit, container, "contacts", FromContacts(container.evaluation))


def follow(worker: Worker, kit: Kit, container: Container, producer: str, handler: Handler[Any]) -> None:
    """Add the loop that follows one producer."""
    name = f"facts-from-{producer}"
    source = FeedSource(container.peers.client(producer), "scoring")
    worker.add(name, Follower(name, source, handler, kit.database, clock=kit.clock).run)


def add_clocks(worker: Worker, kit: Kit, container: Container, settings: ScoringSettings) -> None:
    """Keep scores in step with time."""
    clock = EvaluationClock(kit.database, container.evaluation, kit.clock, settings.clock_seconds)
    worker.add("evaluation-clock", clock.run)
    worker.add("sweeper", Sweeper(kit.database, kit.clock, settings.sweep_seconds).run)
