"""Background jobs of a service: added in the transaction of their cause, run by any worker, their progress shown."""

from datetime import timedelta

from services.kit.clock import Clock
from services.kit.database import Database
from services.kit.jobs.context import JobContext
from services.kit.jobs.executor import Limits
from services.kit.jobs.housekeeping import JobHouse
from services.kit.jobs.queue import enqueue
from services.kit.jobs.records import JobCancelled
from services.kit.jobs.runner import JobRunner
from services.kit.worker import Worker

__all__ = ["JobCancelled", "JobContext", "JobHouse", "JobRunner", "Limits", "add_jobs", "enqueue"]


def add_jobs(worker: Worker, runner: JobRunner, database: Database, clock: Clock, *, retention_days: int) -> None:
    """Let a process run the jobs and schedules that `runner` knows, and forget those that ended long ago."""
    worker.add("jobs", runner.run, finish=runner.finish)
    worker.add("jobs-housekeeping", JobHouse(database, clock, keep_finished=timedelta(days=retention_days)).run)
