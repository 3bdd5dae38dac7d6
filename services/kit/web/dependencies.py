"""What endpoints ask for: the session, the caller, the reader's language.

All are coroutines although they await nothing: FastAPI sends plain functions to a thread, one hop each per request.
"""

from typing import Annotated

from fastapi import Depends, Request

from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.texts import best_locale, speaks
from services.kit.web.route import session_of

WriteSession = Annotated[Session, Depends(session_of, scope="function")]
"""The request's read-write transaction; the route commits it before the answer leaves (ADR 0005)."""

ReadSession = Annotated[Session, Depends(session_of, scope="function")]
"""The request's read-only transaction."""


async def caller(request: Request) -> Identity:
    """Return the verified caller."""
    identity: Identity = request.state.identity
    return identity


async def locale(request: Request) -> str:
    """Return the locale that fits best: of Accept-Language, else the caller's, else the workspace's, else English."""
    asked = request.headers.get("accept-language")
    languages, session = request.app.state.kit.languages, getattr(request.state, "session", None)
    if languages is None or session is None or speaks(asked):
        return best_locale(asked)
    return best_locale(asked, *await languages(session, request.state.identity))


async def clock(request: Request) -> Clock:
    """Return the clock of the process."""
    found: Clock = request.app.state.kit.clock
    return found


CallerDep = Annotated[Identity, Depends(caller)]
LocaleDep = Annotated[str, Depends(locale)]
ClockDep = Annotated[Clock, Depends(clock)]
