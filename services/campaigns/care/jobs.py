"""The job that lets the clock look at every customer again after a care rule was changed."""

from uuid import UUID

from services.campaigns.audience import service as audience
from services.kit.database import Session
from services.kit.jobs import JobContext, enqueue

KIND = "care.look_again"
CHUNK = 2000
FIRST = UUID(int=0)


async def look_again(session: Session) -> None:
    """Add the job for the session's workspace; one that still waits is enough."""
    await enqueue(session, KIND, {}, dedupe_key=str(session.tenant), title="Look at all customers again")


async def run(job: JobContext) -> None:
    """Make all scored customers due, in chunks; the clock of care then asks the rules."""
    after: UUID | None = UUID(job.state["after"]) if "after" in job.state else FIRST
    while after is not None:
        async with job.worker() as session:
            after = await audience.look_again(session, job.workspace_id, after, CHUNK, job.clock.now())
            if after is not None:
                await job.progress(state={"after": str(after)}, session=session)
