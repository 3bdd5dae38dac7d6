"""What becomes due by itself: midnights, facts dated in the future, cut-offs that moved and are not recorded."""

import asyncio
import time
from collections import defaultdict
from datetime import timedelta
from uuid import UUID

import structlog

from services.contracts.envelope import Effects
from services.kit.clock import Clock
from services.kit.database import Database
from services.scoring.cutoffs.service import CutoffService
from services.scoring.evaluation.asking import ask_for_daily
from services.scoring.evaluation.service import EvaluationService, Occasion
from services.scoring.ledger import service as ledger
from services.scoring.workspaces import service as workspaces
from services.scoring.workspaces.service import Workspace

log = structlog.get_logger(__name__)

CHUNK = 500
FIRST = UUID(int=0)
CLAIM = timedelta(minutes=2)
"""A sweep that was broken off is taken up again after this; two at once would only do the same work twice."""
REST = 30
"""After a sweep, rest so many times as long as it took. Who moved is looked at by other services too, which takes twice
as long again: about a tenth of the time goes into sweeps and what follows from them."""


class EvaluationClock:
    """Asks for daily evaluations and wakes customers whose facts come of age. Any number of processes may run one."""

    def __init__(self, database: Database, service: EvaluationService, clock: Clock, seconds: float) -> None:
        self._database = database
        self._service = service
        self._clock = clock
        self._seconds = seconds

    async def run(self) -> None:
        """Look for what is due, then sleep; until cancelled."""
        while True:
            await self.ask_for_midnights()
            await self.wake()
            await asyncio.sleep(self._seconds)

    async def ask_for_midnights(self) -> int:
        """Ask for the evaluation of every workspace whose local midnight has come; return how many."""
        async with self._database.worker() as session:
            due = await workspaces.take_due(session, self._clock.now())
            for workspace_id, midnight in due:
                await ask_for_daily(session, workspace_id, midnight)
        return len(due)

    async def wake(self) -> int:
        """Evaluate customers of whom a fact that was dated in the future is known by now; return how many."""
        async with self._database.worker() as session:
            rows = await ledger.waking(session, self._clock.now(), CHUNK)
            waking: defaultdict[UUID, list[UUID]] = defaultdict(list)
            for row in rows:
                waking[row["workspace_id"]].append(row["customer_id"])
            known = await workspaces.known(session, waking)
            for workspace_id, workspace in sorted(known.items()):
                await self._service.evaluate(session, workspace, waking[workspace_id], Occasion("time", Effects.ALL))
        return len(rows)


class Sweeper:
    """Evaluates everybody again where cut-offs moved that are not recorded yet (before the first recorded evaluation).

    Without it the first customer of a new workspace would stay on top until midnight, whoever comes after.
    """

    def __init__(self, database: Database, clock: Clock, seconds: float) -> None:
        """Rest at least so many seconds between two sweeps of a workspace."""
        self._database = database
        self._clock = clock
        self._seconds = seconds

    async def run(self) -> None:
        """Sweep what has stirred, then sleep; until cancelled."""
        while True:
            if not await self.sweep():
                await asyncio.sleep(self._seconds / 2)

    async def sweep(self) -> bool:
        """Sweep one workspace whose cut-offs have moved; False if there is none."""
        now = self._clock.now()
        async with self._database.worker() as session:
            claimed = await workspaces.claim_stirred(session, now, now + CLAIM)
            if claimed is None:
                return False
            workspace = await workspaces.find(session, claimed["workspace_id"])
        began = time.monotonic()
        if workspace is not None:
            await self._everybody(workspace)
        took = time.monotonic() - began
        rest = timedelta(seconds=max(self._seconds, REST * took))
        async with self._database.worker() as session:
            await workspaces.settle(session, claimed["workspace_id"], claimed["stirred_at"], self._clock.now() + rest)
        log.info("scores_swept", seconds=round(took, 3))
        return True

    async def _everybody(self, workspace: Workspace) -> None:
        """Evaluate the populations without recorded cut-offs, all by the same ones."""
        service = EvaluationService(CutoffService(shortest_life=CLAIM.total_seconds()), self._clock)
        async with self._database.worker() as session:
            populations = await service.unrecorded(session, workspace)
        after: UUID | None = FIRST
        while after is not None and populations:
            async with self._database.worker() as session:
                rows = await ledger.standings_after(session, workspace.workspace_id, populations, after, CHUNK)
                customers = [row["customer_id"] for row in rows]
                await service.evaluate(session, workspace, customers, Occasion("sweep", Effects.SCORES))
            after = customers[-1] if len(customers) == CHUNK else None
