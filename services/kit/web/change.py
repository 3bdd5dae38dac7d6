"""What every change of one thing needs: the transaction, who asks, the version he has seen, the answer's headers."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Response
from pydantic import BaseModel

from services.kit.database import Session
from services.kit.identity import Identity
from services.kit.web.dependencies import CallerDep, WriteSession
from services.kit.web.etags import IfMatch, set_etag


@dataclass(frozen=True, slots=True)
class Change:
    """A change that is asked for, and the response that will tell of it."""

    session: Session
    caller: Identity
    wanted: frozenset[int] | None
    """Versions that the change may start from; None = any."""
    response: Response

    def done(self, version: int, *, created_at: str | None = None, unchanged: bool = False) -> None:
        """Say in the headers what became of it; `created_at` is the address of what was created."""
        tell(self.response, version, created_at=created_at, unchanged=unchanged)


def tell(response: Response, version: int, *, created_at: str | None = None, unchanged: bool = False) -> None:
    """Say in the headers of a response what became of a change."""
    set_etag(response, version)
    if created_at:
        response.status_code = 201
        response.headers["Location"] = created_at
    if unchanged:
        response.headers["Kith-Unchanged"] = "true"


def answered(body: BaseModel, version: int, *, created_at: str | None = None, unchanged: bool = False) -> Response:
    """Return the answer to a change whose endpoint makes its response itself."""
    response = Response(body.model_dump_json(), media_type="application/json")
    tell(response, version, created_at=created_at, unchanged=unchanged)
    return response


async def change(session: WriteSession, caller: CallerDep, wanted: IfMatch, response: Response) -> Change:
    """Return what a change needs."""
    return Change(session, caller, wanted, response)


ChangeDep = Annotated[Change, Depends(change)]


async def creation(session: WriteSession, caller: CallerDep, response: Response) -> Change:
    """Return what making something needs: nobody has seen a version of it yet."""
    return Change(session, caller, None, response)


CreationDep = Annotated[Change, Depends(creation)]
