"""What a job works with while it runs: its order, its notes, its progress, and transactions."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from services.kit.clock import Clock
from services.kit.database import Database, Session
from services.kit.jobs.records import Run

if TYPE_CHECKING:
    from uuid import UUID


class JobContext:
    """One running job. Long jobs work in chunks well under a second, each a transaction with its progress in it.

    A job may run again at any time, after a crash or a stop: it goes on from `state`, which `progress` writes.
    """

    def __init__(self, run: Run, row: dict[str, Any], database: Database, clock: Clock) -> None:
        self._run = run
        self.id: UUID = run.job_id
        self.workspace_id: UUID = run.workspace_id
        self.kind: str = row["kind"]
        self.payload: dict[str, Any] = row["payload"]
        self.state: dict[str, Any] = row["state"]
        self.total: int | None = row["total"]
        self.done: int = row["done"]
        self.failed: int = row["failed"]
        self.skipped: int = row["skipped"]
        self.database = database
        self.clock = clock
        self.result: dict[str, Any] | None = None
        """What the finished job shows as `result`; set it before returning."""
        self.result_url: str | None = None
        self.errors_url: str | None = None

    async def progress(
        self,
        done: int | None = None,
        total: int | None = None,
        *,
        failed: int | None = None,
        skipped: int | None = None,
        state: dict[str, Any] | None = None,
        session: Session | None = None,
    ) -> None:
        """Write how far the job is; counts are absolute, None leaves one as it is.

        With `session`, inside that transaction. Raises JobCancelled when somebody cancelled the job: let it through.
        """
        counts = {"total": total, "done": done, "failed": failed, "skipped": skipped}
        if session is not None:
            await self._run.note(session, self.clock.now(), counts, state)
        else:
            async with self.database.worker() as own:
                await self._run.note(own, self.clock.now(), counts, state)
        self.state = self.state if state is None else state
        for name, count in counts.items():
            if count is not None:
                setattr(self, name, count)

    def write(self) -> AbstractAsyncContextManager[Session]:
        """Open a transaction of the job's workspace, for one chunk."""
        return self.database.write(self.workspace_id)

    def worker(self) -> AbstractAsyncContextManager[Session]:
        """Open a transaction of the worker role, for one chunk; every statement names the workspace."""
        return self.database.worker()
