"""`/v1/jobs`: answered from the services that run them."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from gateway.door.calls import Params
from gateway.jobs.dependencies import JobsDep
from gateway.jobs.schemas import AllJobsPage
from services.kit.jobs.errors import JobFinished, JobNotResumable
from services.kit.jobs.schemas import JobQuery, JobRead
from services.kit.web import BindingDep, CallerDep, Router, operation, set_etag
from services.kit.web.operation import ON_ID

router = Router(prefix="/v1/jobs", tags=["jobs"])
JobId = Annotated[UUID, Path(alias="id", description="Id of the job.")]


@router.get("", **operation(scopes=["jobs:read"]))
async def list_jobs(
    query: Annotated[JobQuery, Query()], jobs: JobsDep, caller: CallerDep, bound: BindingDep
) -> AllJobsPage:
    """List the jobs of all services, the latest first. Those of a service that is away are missing and named."""
    merged = jobs.open_list(caller, filters(query), limit=query.limit, sort=query.sort)
    return AllJobsPage.model_validate(await merged.page(bound, query.cursor))


@router.get("/{id}", **operation(scopes=["jobs:read"], problems=ON_ID))
async def read_job(job_id: JobId, jobs: JobsDep, caller: CallerDep, response: Response) -> JobRead:
    """Read a job: how far it is, and what came out."""
    _, found = await jobs.read(caller, job_id)
    return shown(found, response)


@router.post("/{id}/cancel", **operation(scopes=["jobs:write"], problems=[*ON_ID, JobFinished], own_transaction=True))
async def cancel_job(job_id: JobId, jobs: JobsDep, caller: CallerDep, request: Request, response: Response) -> JobRead:
    """Cancel a job: a running one stops after the piece it is at; what it has done stays."""
    return shown(await jobs.command(caller, job_id, "cancel", key_of(request)), response)


@router.post(
    "/{id}/resume", **operation(scopes=["jobs:write"], problems=[*ON_ID, JobNotResumable], own_transaction=True)
)
async def resume_job(job_id: JobId, jobs: JobsDep, caller: CallerDep, request: Request, response: Response) -> JobRead:
    """Resume a job that failed or was cancelled; it goes on where it stopped."""
    return shown(await jobs.command(caller, job_id, "resume", key_of(request)), response)


def filters(query: JobQuery) -> Params:
    """Return the filters as the services are asked with them."""
    params = [("kind", kind) for kind in query.kind] + [("status", status) for status in query.status]
    params += [("ids", str(found)) for found in query.ids]
    return [*params, ("count", query.count)] if query.count else params


def key_of(request: Request) -> str | None:
    """Return the Idempotency-Key; the service that owns the job keeps the reply to it."""
    return request.headers.get("idempotency-key")


def shown(found: dict[str, object], response: Response) -> JobRead:
    """Return a job as its service showed it."""
    job = JobRead.model_validate(found)
    set_etag(response, job.version)
    return job
