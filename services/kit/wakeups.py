"""Telling sleepers that there is something new: in this process at once, in others by NOTIFY after the commit.

A NOTIFY inside a writing transaction takes a lock that makes all commits of the server queue up. So it is sent apart,
on a connection of its own, and many wake-ups become one. Nobody relies on it: every sleeper also looks once a second.
"""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg

    from services.kit.database import Database

OUTBOX = "outbox"
"""Events wait for their place in the feed."""
EVENTS = "events"
"""The feed has grown."""
JOBS = "jobs"
"""A job waits for a worker."""
POLL_SECONDS = 1.0
PAUSE_SECONDS = 0.005


class Wakeups:
    """The topics of one schema, as one process sees them."""

    def __init__(self, schema: str) -> None:
        self.schema = schema
        self.closing = False
        self._next: dict[str, asyncio.Event] = {}
        self._untold: set[str] = set()
        self._something_untold = asyncio.Event()

    def next(self, topic: str) -> asyncio.Event:
        """Return the event of the next wake-up: take it, look for work, and only then wait for it."""
        return self._next.setdefault(topic, asyncio.Event())

    def wake(self, topic: str) -> None:
        """Wake the sleepers of this process."""
        event = self._next.pop(topic, None)
        if event is not None:
            event.set()

    def tell(self, topic: str) -> None:
        """Wake the sleepers of every process; call it after the commit."""
        self.wake(topic)
        self._untold.add(topic)
        self._something_untold.set()

    def close(self) -> None:
        """Wake everybody for the last time: the process is about to stop."""
        self.closing = True
        for topic in list(self._next):
            self.wake(topic)

    async def run(self, database: "Database") -> None:
        """Pass wake-ups between processes until cancelled; raises when its connection is lost."""
        async with database.connect() as connection:
            await connection.add_listener(self._channel, self._hear)
            while not connection.is_closed():
                if await wait_for(self._something_untold, POLL_SECONDS):
                    await self._send(connection)
                    await asyncio.sleep(PAUSE_SECONDS)
        message = "the connection that carries wake-ups was lost"
        raise ConnectionError(message)

    async def _send(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        topics, self._untold = self._untold, set()
        self._something_untold.clear()
        await connection.execute("SELECT pg_notify($1, topic) FROM unnest($2::text[]) AS topic", self._channel, topics)

    def _hear(self, connection: object, process: int, channel: str, topic: object) -> None:
        del channel
        own = connection.get_server_pid()  # type: ignore[attr-defined]  # asyncpg hands over the connection it listens on
        if process != own:
            self.wake(str(topic))

    @property
    def _channel(self) -> str:
        return f"kith_{self.schema}"


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Wait for a wake-up, at most so long; tell whether it came."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
