"""Who acts in a transaction, told to the database with its BEGIN: what he changes there is written down."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import orjson

from services.kit.context import current
from services.kit.identity import Identity

AUTHOR: "ContextVar[Author | None]" = ContextVar("kith_author", default=None)


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who changes things through an operation. Machines that take in or follow have none."""

    operation: str
    """The operationId, or the name of a command."""
    actor: Identity | None = None
    """None for the command line."""

    @property
    def setting(self) -> str:
        """The statement that tells the database, for this transaction only."""
        actor = self.actor
        told = {
            "operation": self.operation,
            "request_id": current().request_id,
            "actor_id": actor and str(actor.actor_id),
            "actor_kind": actor.actor_kind if actor else "system",
            "rep_id": str(actor.rep_id) if actor and actor.rep_id else None,
            "service": actor and actor.service,
        }
        text = orjson.dumps(told).decode().replace("'", "''")
        return f"SET LOCAL app.author = '{text}'"


@contextmanager
def acting(author: Author) -> Iterator[None]:
    """Let transactions that are opened in this context belong to an author."""
    token = AUTHOR.set(author)
    try:
        yield
    finally:
        AUTHOR.reset(token)
