"""What contacts does beside requests: work out deliveries, follow the gateway's settings, run jobs, publish."""

from services.contacts.container import Container
from services.contacts.imports.house import ImportHouse
from services.contacts.imports.jobs import Importer
from services.contacts.imports.repository import ImportsRepository
from services.contacts.imports.schemas import JOB_KIND as IMPORT
from services.contacts.settings import ContactsSettings
from services.contacts.sources.dependencies import add_loops
from services.contacts.sources.house import DeliveryHouse
from services.contacts.sources.intake_rows import IntakeRows
from services.contacts.sources.repository import SourcesRepository
from services.contacts.workspaces.consumers import FromGateway
from services.contacts.workspaces.repository import WorkspacesRepository
from services.kit.feeds import FeedSource, Follower
from services.kit.jobs import JobRunner, Limits, add_jobs
from services.kit.web.app import Kit
from services.kit.web.background import base_worker
from services.kit.worker import Worker

FOLLOWER = "settings-from-gateway"


def build_worker(kit: Kit, container: Container, settings: ContactsSettings, limits: Limits | None = None) -> Worker:
    """Return the loops of this process; one that only serves requests has the wake-ups alone."""
    worker = base_worker(kit)
    if settings.run_worker:
        add_loops(worker, kit, container.intake)
        follow_gateway(worker, kit, container)
        runner = JobRunner(kit.database, kit.clock, limits)
        add_imports(runner, kit, container, settings)
        house = DeliveryHouse(kit.database, IntakeRows(), kit.clock, settings.delivery_retention_days)
        runner.schedule("deliveries-house", "23 * * * *")(house.tidy)
        add_jobs(worker, runner, kit.database, kit.clock, retention_days=kit.settings.jobs_retention_days)
    return worker


def add_imports(runner: JobRunner, kit: Kit, container: Container, settings: ContactsSettings) -> None:
    """Let jobs take files in, and forget files that nobody needs."""
    rows = ImportsRepository()
    importer = Importer(rows, container.intake, settings.import_orders_at_once)
    runner.handler(IMPORT, at_once=2)(importer.run)
    runner.schedule("imports-house", "17 * * * *")(ImportHouse(kit.database, rows, kit.clock).tidy)


def follow_gateway(worker: Worker, kit: Kit, container: Container) -> None:
    """Follow the settings of workspaces."""
    handler = FromGateway(WorkspacesRepository(), SourcesRepository())
    source = FeedSource(container.peers.client("gateway"), "contacts")
    worker.add(FOLLOWER, Follower(FOLLOWER, source, handler, kit.database, clock=kit.clock).run)
