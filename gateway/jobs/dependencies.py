"""Wiring of the job endpoints."""

from typing import Annotated

from fastapi import Depends, Request

from gateway.jobs.service import JobBook


async def job_book(request: Request) -> JobBook:
    """Return the jobs of all services."""
    book: JobBook = request.app.state.gateway.jobs
    return book


JobsDep = Annotated[JobBook, Depends(job_book)]
