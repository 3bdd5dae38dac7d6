"""Evaluations of many customers as jobs: daily, on request, after orders got another worth, after a rep left.

Each goes through customers by id, a chunk in a transaction, so that memory stays flat, nobody waits long for a row,
and a job that was broken off goes on where it stopped.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from services.contracts.envelope import Effects
from services.kit.database import Session
from services.kit.jobs import JobContext, JobRunner
from services.scoring.cutoffs.rules import DAILY as DAILY_FAMILY
from services.scoring.cutoffs.rules import POPULATIONS, TIERS
from services.scoring.evaluation.asking import DAILY, RECOMPUTE, REP_CHANGED, REVALUE
from services.scoring.evaluation.gauges import LOOKED_AT, MOVED, PROGRESS
from services.scoring.evaluation.service import EvaluationService, Occasion, Run
from services.scoring.evaluation.sieve import Sifted
from services.scoring.facts import service as facts
from services.scoring.ledger import service as ledger
from services.scoring.tiers import rules as tiers
from services.scoring.workspaces import service as workspaces
from services.scoring.workspaces.service import Workspace

CHUNK = 500
LANES = 2
"""Parts of a chunk that go at a time: while one waits for the database, the rules decide about the other."""
STRETCH = 10_000
FIRST = UUID(int=0)

Choose = Callable[[Session, UUID], Awaitable[list[UUID]]]
"""Returns the next customers after an id."""
Work = Callable[[Session, list[UUID]], Awaitable[Any]]


class EvaluationJobs:
    """The long evaluations of this service."""

    def __init__(self, service: EvaluationService, chunk: int = CHUNK, stretch: int = STRETCH) -> None:
        """Evaluate so many customers in a transaction, and sift so many with a statement."""
        self._service = service
        self._chunk = chunk
        self._stretch = stretch

    def register(self, runner: JobRunner) -> None:
        """Tell the runner who runs what."""
        for kind, run in (
            (DAILY, self.daily),
            (RECOMPUTE, self.recompute),
            (REVALUE, self.revalue),
            (REP_CHANGED, self.rep_changed),
        ):
            runner.handler(kind, at_once=2)(run)

    async def daily(self, job: JobContext) -> None:
        """Record the cut-offs that are due at a local midnight, then let time pass for everybody."""
        midnight = datetime.fromisoformat(job.payload["at"])
        workspace = await self._begin(job)
        if workspace is None:
            return
        if "recorded" not in job.state:
            async with job.worker() as session:
                setting = await self._service.setting(session, workspace, midnight)
                due = await self._service.cutoffs.due(session, setting, midnight)
                await self._service.cutoffs.record(session, setting, midnight, due)
                await job.progress(state={"recorded": midnight.isoformat()}, session=session)
        await self._everybody(job, workspace, Occasion("time", Effects.ALL))

    async def recompute(self, job: JobContext) -> None:
        """Record fresh cut-offs and score everybody by them; for a given time, beside the present scores."""
        workspace = await self._begin(job)
        if workspace is None:
            return
        kinds = frozenset(job.payload["kinds"]) or None
        if job.payload["as_of"] is not None:
            await self._recompute_past(job, workspace, datetime.fromisoformat(job.payload["as_of"]), kinds)
            return
        if "recorded" not in job.state:
            async with job.worker() as session:
                now = job.clock.now()
                setting = await self._service.setting(session, workspace, now)
                await self._service.cutoffs.record(session, setting, now, families_of(kinds))
                await job.progress(state={"recorded": now.isoformat()}, session=session)
        await self._everybody(job, workspace, Occasion("recompute", Effects.SCORES, kinds=kinds))

    async def revalue(self, job: JobContext) -> None:
        """Value orders again, of one currency or all, and score their customers."""
        workspace = await self._begin(job)
        if workspace is None:
            return
        currency: str | None = job.payload["currency"]

        async def choose(session: Session, after: UUID) -> list[UUID]:
            if currency is None:
                return await self._known(session, workspace, after)
            rows = await facts.buyers_in(session, workspace.workspace_id, currency, after, self._chunk)
            return [row["customer_id"] for row in rows]

        async def work(session: Session, customers: list[UUID]) -> int:
            occasion = Occasion("fact", Effects.SCORES, revalue=True)
            return await self._service.evaluate(session, workspace, customers, occasion)

        await self._nameless(job, workspace)
        await self._in_chunks(job, choose, work)

    async def rep_changed(self, job: JobContext) -> None:
        """Score the customers of a rep who left or came back."""
        workspace = await self._begin(job)
        if workspace is None:
            return
        rep_id = UUID(job.payload["rep_id"])

        async def choose(session: Session, after: UUID) -> list[UUID]:
            rows = await facts.looked_after(session, workspace.workspace_id, rep_id, after, self._chunk)
            return [row["customer_id"] for row in rows]

        async def work(session: Session, customers: list[UUID]) -> int:
            keys = await ledger.have_standing(session, [(workspace.workspace_id, one) for one in customers])
            return await self._service.evaluate(session, workspace, [one for _, one in keys], Occasion("fact"))

        await self._in_chunks(job, choose, work)

    async def _begin(self, job: JobContext) -> Workspace | None:
        async with job.worker() as session:
            if job.total is None:
                await job.progress(0, await ledger.count(session, job.workspace_id), session=session)
            return await workspaces.find(session, job.workspace_id)

    async def _known(self, session: Session, workspace: Workspace, after: UUID) -> list[UUID]:
        rows = await facts.scorable_after(session, workspace.workspace_id, after, self._chunk)
        return [row["customer_id"] for row in rows]

    async def _everybody(self, job: JobContext, workspace: Workspace, occasion: Occasion) -> None:
        """Evaluate whoever may have moved; some kinds alone, everybody: what is stored tells of all kinds together."""
        if occasion.kinds is not None:
            await self._one_by_one(job, workspace, occasion)
            return
        while True:
            async with job.worker() as session:
                after = UUID(job.state["after"]) if "after" in job.state else FIRST
                sifted = await self._service.sift(session, workspace, after, self._stretch)
            if sifted is None:
                break
            for part in sifted.parts(self._chunk):
                await self._decide(workspace, part.moved, occasion, job)
                async with job.worker() as session:
                    await self._note(job, part, session)
        async with job.worker() as session:
            await workspaces.note_evaluated(session, job.workspace_id, datetime.fromisoformat(job.state["recorded"]))

    async def _decide(self, workspace: Workspace, moved: list[UUID], occasion: Occasion, job: JobContext) -> None:
        """Let the rules decide about customers who may have moved; doing so again would find nothing new."""

        async def decide(customers: list[UUID]) -> None:
            async with job.worker() as session:
                await self._service.evaluate(session, workspace, customers, occasion)

        lanes = (decide(moved[lane::LANES]) for lane in range(min(LANES, len(moved))))
        for ended in await asyncio.gather(*lanes, return_exceptions=True):
            if isinstance(ended, BaseException):
                raise ended

    async def _note(self, job: JobContext, part: Sifted, session: Session) -> None:
        """Note how far the job is; what was looked at counts as done."""
        state = {**job.state, "after": str(part.last)}
        done = job.done + part.looked_at
        await job.progress(done, max(job.total or 0, done), state=state, session=session)
        LOOKED_AT.labels(job.kind).inc(part.looked_at)
        MOVED.labels(job.kind).inc(len(part.moved))
        PROGRESS.labels(job.kind).set(job.done / job.total if job.total else 1)

    async def _one_by_one(self, job: JobContext, workspace: Workspace, occasion: Occasion) -> None:
        async def choose(session: Session, after: UUID) -> list[UUID]:
            return await self._known(session, workspace, after)

        async def work(session: Session, customers: list[UUID]) -> int:
            return await self._service.evaluate(session, workspace, customers, occasion)

        await self._in_chunks(job, choose, work)

    async def _recompute_past(
        self, job: JobContext, workspace: Workspace, as_of: datetime, kinds: frozenset[str] | None
    ) -> None:
        """Record cut-offs dated `as_of` and the scores by them; present scores do not move (11.1)."""
        if "recorded" not in job.state:
            async with job.worker() as session:
                setting = await self._service.setting(session, workspace, as_of)
                await self._service.cutoffs.record(session, setting, as_of, families_of(kinds), dated=True)
                await ledger.begin_run(session, job.workspace_id, job.id, as_of)
                await job.progress(state={"recorded": as_of.isoformat()}, session=session)

        async def choose(session: Session, after: UUID) -> list[UUID]:
            return await self._known(session, workspace, after)

        async def work(session: Session, customers: list[UUID]) -> None:
            await self._service.evaluate_past(session, workspace, customers, as_of, Run(job.id, kinds))

        await self._in_chunks(job, choose, work)
        async with job.worker() as session:
            await ledger.finish_run(session, job.workspace_id, job.id, job.clock.now())
        job.result = {"as_of": as_of.isoformat()}

    async def _in_chunks(self, job: JobContext, choose: Choose, work: Work) -> None:
        """Go through customers by id, noting after each chunk how far it is."""
        while True:
            async with job.worker() as session:
                customers = await choose(session, UUID(job.state["after"]) if "after" in job.state else FIRST)
                if not customers:
                    return
                await work(session, customers)
                state = {**job.state, "after": str(customers[-1])}
                done = job.done + len(customers)
                await job.progress(done, max(job.total or 0, done), state=state, session=session)

    async def _nameless(self, job: JobContext, workspace: Workspace) -> None:
        """Value the orders that nobody is credited with."""
        after: UUID | None = FIRST
        while after is not None:
            async with job.worker() as session:
                setting = await self._service.setting(session, workspace, job.clock.now())
                after = await facts.revalue_nameless(session, workspace.workspace_id, after, setting.valuer)


def families_of(kinds: frozenset[str] | None) -> dict[str, list[str]]:
    """Return the families of cut-offs that kinds of scores are cut at, for both populations."""
    families = [TIERS] if kinds is None or tiers.KIND in kinds else []
    if kinds is None or kinds != {tiers.KIND}:
        families.append(DAILY_FAMILY)
    return dict.fromkeys(POPULATIONS, families)
