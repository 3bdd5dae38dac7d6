"""Wiring of the audit's endpoint."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.audit.service import AuditBook


async def audit_book(request: Request) -> AuditBook:
    """Return the audit of all services."""
    book: AuditBook = request.app.state.gateway.audit
    return book


AuditDep = Annotated[AuditBook, Depends(audit_book)]
