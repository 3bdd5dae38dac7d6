"""Jobs of one service over HTTP; the gateway merges those of all."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.kit.jobs import repository
from services.kit.jobs.errors import JobFinished, JobNotResumable
from services.kit.jobs.schemas import JobPage, JobProblem, JobQuery, JobRead
from services.kit.problems import NotFound
from services.kit.web.binding import BindingDep
from services.kit.web.dependencies import ClockDep, ReadSession, WriteSession
from services.kit.web.etags import set_etag
from services.kit.web.operation import operation
from services.kit.web.route import Router

if TYPE_CHECKING:
    import asyncpg

router = Router(prefix="/v1/jobs", tags=["jobs"])
JobId = Annotated[UUID, Path(description="Id of the job.")]


@router.get("", **operation(scopes=["jobs:read"]))
async def list_jobs(
    query: Annotated[JobQuery, Query()], session: ReadSession, bound: BindingDep, request: Request
) -> JobPage:
    """List jobs, the latest first."""
    statuses = [str(status) for status in query.status]
    rows = await repository.page(session, query, bound, kinds=query.kind, statuses=statuses, sort=query.sort)
    items = [job_read(row, public_url(request)) for row in rows.items]
    return JobPage(items=items, next_cursor=rows.next_cursor, count=rows.count)


@router.get("/{job_id}", **operation(scopes=["jobs:read"], problems=[NotFound]))
async def read_job(job_id: JobId, session: ReadSession, request: Request, response: Response) -> JobRead:
    """Read a job: how far it is, and what came out."""
    row = await repository.find(session, job_id)
    if row is None:
        raise NotFound
    set_etag(response, row["version"])
    return job_read(row, public_url(request))


@router.post("/{job_id}/cancel", **operation(scopes=["jobs:write"], problems=[NotFound, JobFinished]))
async def cancel_job(
    job_id: JobId, session: WriteSession, clock: ClockDep, request: Request, response: Response
) -> JobRead:
    """Cancel a job: a running one stops after the piece it is at; what it has done stays."""
    row = await repository.cancel(session, job_id, clock.now())
    if row is None:
        await must_exist(session, job_id)
        raise JobFinished
    set_etag(response, row["version"])
    return job_read(row, public_url(request))


@router.post("/{job_id}/resume", **operation(scopes=["jobs:write"], problems=[NotFound, JobNotResumable]))
async def resume_job(
    job_id: JobId, session: WriteSession, clock: ClockDep, request: Request, response: Response
) -> JobRead:
    """Resume a job that failed or was cancelled; it goes on where it stopped."""
    row = await repository.resume(session, job_id, clock.now())
    if row is None:
        await must_exist(session, job_id)
        raise JobNotResumable
    set_etag(response, row["version"])
    return job_read(row, public_url(request))


async def must_exist(session: ReadSession, job_id: UUID) -> None:
    """Raise NotFound where there is no such job."""
    if await repository.find(session, job_id) is None:
        raise NotFound


def public_url(request: Request) -> str:
    """Return the address under which problem pages are served."""
    url: str = request.app.state.kit.settings.public_url
    return url.rstrip("/")


def job_read(row: "asyncpg.Record | dict[str, Any]", base: str) -> JobRead:
    """Return a job as clients see it."""
    values = dict(row)
    problem = values.pop("problem")
    handled = values["done"] + values["failed"] + values["skipped"]
    shown = {
        "type": "job",
        "progress": progress_of(values["status"], handled, values["total"]),
        "problem": problem and problem_read(problem, base),
    }
    return JobRead.model_validate(values | shown)


def progress_of(status: str, handled: int, total: int | None) -> float:
    """Return the share that is done, from 0 to 1; 0 while the total is not known."""
    if status == "succeeded":
        return 1.0
    return min(1.0, round(handled / total, 4)) if total else 0.0


def problem_read(problem: dict[str, Any], base: str) -> JobProblem:
    """Return the stored problem with its address."""
    return JobProblem(
        type=f"{base}/problems/{problem['slug']}",
        title=problem["title"],
        status=problem["status"],
        detail=problem["detail"],
    )
