"""`/v1/audit`: answered from the services that made the changes."""

from typing import Annotated

from fastapi import Query

from gateway.audit.dependencies import AuditDep
from gateway.audit.schemas import AuditPage
from services.kit.audit.schemas import AuditQuery
from services.kit.web import BindingDep, CallerDep, Router, operation

router = Router(prefix="/v1/audit", tags=["audit"])


@router.get("", **operation(scopes=["audit:read"], fill_names=True))
async def list_audit_entries(
    query: Annotated[AuditQuery, Query()], audit: AuditDep, caller: CallerDep, bound: BindingDep
) -> AuditPage:
    """List who changed what, the latest first: every change through the API, and downloads of much at once.

    A change of an object that the key may not read is not listed; values of contact fields are left out without
    people:read_contact. Entries of a service that is away are missing, and it is named.
    """
    return AuditPage.model_validate(await audit.page(caller, query, bound))
