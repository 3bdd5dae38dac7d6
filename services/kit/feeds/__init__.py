"""Ordered feeds of events between services: outbox, sequencer, feed, snapshots, followers.

The routes are apart, in `services.kit.feeds.routes`: business code imports this and must not meet a web framework.
"""

from services.kit.clock import Clock
from services.kit.database import Database
from services.kit.feeds.events import FeedEvent, Place, Publishable
from services.kit.feeds.follower import Follower
from services.kit.feeds.handler import Handler
from services.kit.feeds.outbox import publish, publish_all
from services.kit.feeds.sequencer import Sequencer
from services.kit.feeds.snapshots import SnapshotPage, SnapshotProvider
from services.kit.feeds.source import FeedSource
from services.kit.worker import Worker

__all__ = [
    "FeedEvent",
    "FeedSource",
    "Follower",
    "Handler",
    "Place",
    "Publishable",
    "Sequencer",
    "SnapshotPage",
    "SnapshotProvider",
    "add_sequencer",
    "add_wakeups",
    "publish",
    "publish_all",
]


def add_wakeups(worker: Worker, database: Database) -> None:
    """Let a process hear of and tell what is new; every process needs it, also one that only serves requests."""
    worker.add("wakeups", lambda: database.wakeups.run(database))


def add_sequencer(worker: Worker, database: Database, clock: Clock, *, retention_days: int) -> None:
    """Let a process number the events of its schema and keep the feed tidy."""
    sequencer = Sequencer(database, clock, retention_days=retention_days)
    worker.add("sequencer", sequencer.run)
    worker.add("feed-housekeeping", sequencer.keep_house)
