"""Where a follower stands in a producer's feed: a row in the follower's own schema, moved with the effects."""

from dataclasses import dataclass

from services.kit.database import Database, Session
from services.kit.feeds.events import Place

READ = "SELECT epoch, position, state FROM cursors WHERE follower = $1"
CREATE = "INSERT INTO cursors (follower) VALUES ($1) ON CONFLICT (follower) DO NOTHING"
CLAIM = """
SELECT true FROM cursors WHERE follower = $1 AND epoch = $2 AND position = $3 AND state = $4
FOR UPDATE SKIP LOCKED
"""
MOVE = "UPDATE cursors SET epoch = $2, position = $3, state = $4, updated_at = now() WHERE follower = $1"


class CursorMoved(Exception):
    """Another process of this follower moved the cursor; our batch has taken effect there."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place up to which everything has taken effect."""

    place: Place
    rebuilding: bool = False

    @property
    def state(self) -> str:
        """The state as it is stored."""
        return "rebuilding" if self.rebuilding else "following"

    @property
    def known_place(self) -> Place | None:
        """The place, None where the follower has never heard from the feed."""
        return self.place if self.place.epoch else None


class Cursors:
    """The cursor of one follower."""

    def __init__(self, database: Database, follower: str) -> None:
        self._database = database
        self.follower = follower

    async def load(self) -> Cursor:
        """Return the cursor; a new follower stands before the first event."""
        async with self._database.worker() as session:
            row = await session.fetchrow(READ, self.follower)
            if row is None:
                await session.execute(CREATE, self.follower)
                return Cursor(Place("", 0))
            return Cursor(Place(row["epoch"], row["position"]), row["state"] == "rebuilding")

    async def claim(self, session: Session, cursor: Cursor) -> None:
        """Lock the cursor for this transaction; CursorMoved unless it stands where we believe it stands."""
        place = cursor.place
        if not await session.fetchval(CLAIM, self.follower, place.epoch, place.position, cursor.state):
            raise CursorMoved

    async def move(self, session: Session, to: Cursor) -> None:
        """Set the claimed cursor, in the transaction of the effects."""
        await session.execute(MOVE, self.follower, to.place.epoch, to.place.position, to.state)
