"""`/v1/customers/{id}/360`."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Path, Request, Response

from gateway.customers.schemas import Customer360Read
from gateway.customers.service import View
from gateway.door.headers import Header
from services.kit.feeds.positions import AFTER_HEADER, STALE_HEADER
from services.kit.web import CallerDep, LocaleDep, Router, operation
from services.kit.web.operation import ON_ID

router = Router(prefix="/v1/customers", tags=["customers"])
PASSED = ("accept-language", AFTER_HEADER.lower())


@router.get(
    "/{id}/360",
    response_model=Customer360Read,
    **operation(scopes=["people:read"], problems=ON_ID, fill_names=True),
)
async def read_customer_360(
    customer_id: Annotated[UUID, Path(alias="id", description="Id of the person or account.")],
    request: Request,
    caller: CallerDep,
    locale: LocaleDep,
) -> Response:
    """Read everything about one customer: who he is, what he bought, his scores with reasons, the care that is due.

    200 while the customer is there. A part whose service is away is null and named in `unavailable`.
    """
    del locale  # the services render their texts; asking for it documents the header
    view = View(request.app.state.gateway.calls, caller, passed(request))
    found = await view.read(str(customer_id))
    # What services answered is passed on as it is: reading it into models again would cost more than composing it.
    headers = {STALE_HEADER: "true"} if view.is_stale else {}
    return Response(orjson.dumps(found), headers=headers, media_type="application/json")


def passed(request: Request) -> list[Header]:
    """Return the caller's headers that the services need."""
    return [(name.encode(), value.encode()) for name in PASSED if (value := request.headers.get(name)) is not None]
