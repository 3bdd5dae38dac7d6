"""Evaluating customers: facts and cut-offs in, scores out, one batch at a time in the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.contracts.envelope import Effects
from services.kit.clock import Clock
from services.kit.database import Session
from services.scoring.cutoffs import service as cutoffs
from services.scoring.cutoffs.rules import POPULATIONS
from services.scoring.cutoffs.service import CutoffService, Setting
from services.scoring.evaluation import sieve
from services.scoring.evaluation.rules import PERSON, Evaluation, Moment, checkpoint, evaluate, moment_of
from services.scoring.evaluation.sieve import Sifted
from services.scoring.evaluation.summaries import summary_of
from services.scoring.facts import service as facts
from services.scoring.facts.rules import Subject
from services.scoring.facts.service import Loaded
from services.scoring.holding.rules import Checkpoint, Held
from services.scoring.ledger import service as ledger
from services.scoring.ledger.service import Cause, Entry, Figures, Stamp
from services.scoring.policies import service as policies
from services.scoring.rows import Row
from services.scoring.tiers.rules import Tier
from services.scoring.workspaces import service as workspaces
from services.scoring.workspaces.service import Workspace


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why customers are evaluated, and what may follow from it."""

    cause: Cause
    effects: Effects = Effects.ALL
    own_effects: Mapping[UUID, Effects] | None = None
    """What may follow for single customers, where their facts say so."""
    kinds: frozenset[str] | None = None
    """Only these kinds are written; None for all."""
    revalue: bool = False
    """The orders are valued anew first: zone, currency or a rate changed."""

    def of(self, customer_id: UUID) -> Effects:
        """Return what may follow for a customer."""
        return (self.own_effects or {}).get(customer_id, self.effects)


class EvaluationService:
    """The verbs of evaluation."""

    def __init__(self, cutoffs: CutoffService, clock: Clock) -> None:
        self.cutoffs = cutoffs
        self._clock = clock

    async def setting(self, session: Session, workspace: Workspace, at: datetime) -> Setting:
        """Return the rules and the valuer of a workspace at a time."""
        policy = await policies.in_force(session, workspace.workspace_id, at)
        basis = policy.rules.revenue_basis
        valuer = await facts.valuer_for(session, workspace.workspace_id, workspace.zone, workspace.currency, basis)
        return Setting(workspace.workspace_id, policy, valuer)

    async def setting_now(self, session: Session, workspace: Workspace) -> Setting:
        """Return the rules and the valuer of a workspace at present."""
        return await self.setting(session, workspace, self._clock.now())

    async def evaluate(
        self,
        session: Session,
        workspace: Workspace,
        customers: Collection[UUID],
        occasion: Occasion,
        setting: Setting | None = None,
    ) -> int:
        """Evaluate customers as of now and write what came of it; return how many changed.

        They are locked first, and cut-offs are read after that and held: whoever records new ones waits for us, looks
        at everybody afterwards, and so finds what we wrote.
        """
        now = self._clock.now()
        setting = setting or await self.setting(session, workspace, now)
        if occasion.revalue:
            await facts.lock(session, workspace.workspace_id, customers)
            await facts.revalue_customers(session, workspace.workspace_id, customers, setting.valuer)
        loaded = await facts.load(session, workspace.workspace_id, customers, now, setting.valuer, lock=True)
        await cutoffs.hold(session, workspace.workspace_id)
        moments = await self.moments(session, setting, loaded, now)
        if occasion.cause == "fact" and not all(moment.recorded for moment in moments.values()):
            await workspaces.stir(session, workspace.workspace_id, now)
        rows = await ledger.standings_of(session, workspace.workspace_id, customers)
        before = {row["customer_id"]: row for row in rows}
        entries = [
            entry_of(one, moments[one.subject.customer_type], before.get(one.subject.customer_id), occasion, workspace)
            for one in loaded
        ]
        stamp = Stamp(workspace.workspace_id, now, setting.policy.version, occasion.cause)
        return await ledger.write(session, stamp, entries, before)

    async def evaluate_past(
        self, session: Session, workspace: Workspace, customers: Collection[UUID], as_of: datetime, run: "Run"
    ) -> None:
        """Evaluate customers as of a given time for a run; nothing present moves."""
        setting = await self.setting(session, workspace, as_of)
        loaded = await facts.load(session, workspace.workspace_id, customers, as_of, setting.valuer, lock=False)
        moments = await self.moments(session, setting, loaded, as_of, past=True)
        occasion = Occasion("recompute", Effects.NONE, kinds=run.kinds)
        entries = [entry_of(one, moments[one.subject.customer_type], None, occasion, workspace) for one in loaded]
        stamp = Stamp(workspace.workspace_id, as_of, setting.policy.version, "recompute")
        await ledger.write_dated(session, stamp, run.run_id, entries)

    async def look(
        self, session: Session, workspace: Workspace, customer_id: UUID, as_of: datetime, *, past: bool
    ) -> "Look | None":
        """Return a customer evaluated as of a time without writing anything; None if there is no such customer."""
        return (await self.look_all(session, workspace, {customer_id: as_of}, past=past)).get(customer_id)

    async def look_all(
        self, session: Session, workspace: Workspace, wanted: Mapping[UUID, datetime], *, past: bool
    ) -> "dict[UUID, Look]":
        """Return customers, each evaluated as of a time of its own, by the cut-offs of the latest of these times."""
        latest, own = max(wanted.values()), workspace.workspace_id
        setting = await self.setting(session, workspace, latest)
        loaded = await facts.load(session, own, wanted, latest, setting.valuer, lock=False)
        moments = await self.moments(session, setting, loaded, latest, past=past)
        rows = [] if past else await ledger.standings_of(session, own, wanted)
        before = {row["customer_id"]: row for row in rows}
        looks = {}
        for subject in (one.subject for one in loaded):
            at, version = wanted[subject.customer_id], setting.policy.version
            moment = moments[subject.customer_type].at(at, workspace.zone)
            start = start_of(before.get(subject.customer_id), version)
            looks[subject.customer_id] = Look(subject, moment, evaluate(subject, moment, start), version)
        return looks

    async def sift(self, session: Session, workspace: Workspace, after: UUID, limit: int) -> Sifted | None:
        """Look at the customers that follow an id for those whose scores may have moved by now; None at the end."""
        now = self._clock.now()
        setting = await self.setting(session, workspace, now)
        moment = await self.moment(session, setting, PERSON, now)
        return await sieve.sift(session, workspace, moment, after, limit)

    async def moments(
        self, session: Session, setting: Setting, loaded: Sequence[Loaded], as_of: datetime, *, past: bool = False
    ) -> Mapping[str, Moment]:
        """Return the moment of each population that customers belong to."""
        populations = {one.subject.customer_type for one in loaded}
        return {one: await self.moment(session, setting, one, as_of, past=past) for one in sorted(populations)}

    async def unrecorded(self, session: Session, workspace: Workspace) -> list[str]:
        """Return the populations whose cut-offs are not recorded yet, so that they move with every fact."""
        now = self._clock.now()
        setting = await self.setting(session, workspace, now)
        return [one for one in POPULATIONS if not (await self.moment(session, setting, one, now)).recorded]

    async def moment(
        self, session: Session, setting: Setting, population: str, as_of: datetime, *, past: bool = False
    ) -> Moment:
        """Return the moment of one population."""
        taken = await self.cutoffs.at(session, setting, population, as_of, past=past)
        zone = setting.valuer.zone
        moment = moment_of(as_of, zone, setting.policy.rules, taken.cutoffs, taken.calendar)
        return replace(moment, policy_version=setting.policy.version, recorded=taken.recorded)


@dataclass(frozen=True, slots=True)
class Run:
    """A recomputation for a given time."""

    run_id: UUID
    kinds: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """A customer as seen at one time."""

    subject: Subject
    moment: Moment
    evaluation: Evaluation
    policy_version: int


def entry_of(one: Loaded, moment: Moment, before: Row | None, occasion: Occasion, workspace: Workspace) -> Entry:
    """Evaluate one customer, going on from where the tier was folded to, and return the outcome."""
    subject = one.subject
    evaluation = evaluate(subject, moment, start_of(before, moment.policy_version))
    scores, summary = evaluation.scores, summary_of(one, moment, evaluation)
    if occasion.kinds is not None:
        scores = {kind: score for kind, score in scores.items() if kind in occasion.kinds}
        summary["outcome"] = None  # those that are not written may stand elsewhere
    return Entry(
        customer_id=subject.customer_id,
        customer_type="account" if subject.customer_type == "account" else "person",
        scores=scores,
        figures=figures_of(subject, moment, evaluation, workspace.currency),
        columns=held_columns(subject, moment, evaluation) | summary,
        wake_at=one.wake_at,
        effects=effects_of(one, before, occasion),
    )


def effects_of(one: Loaded, before: Row | None, occasion: Occasion) -> Effects:
    """Return what may follow: when time passes, no more than an order allows that became known by it."""
    history = one.subject.history
    if occasion.cause == "time" and before is not None and history.placed and history.placed[-1] > before["as_of"]:
        return Effects(history.purchase(-1).effects)
    return occasion.of(one.subject.customer_id)


def start_of(before: Row | None, policy_version: int) -> Checkpoint | None:
    """Return the state of the tier that was stored under the same policy, None where there is none."""
    if before is None or before["held_tier"] is None or before["policy_version"] != policy_version:
        return None
    held = Held(Tier(before["held_tier"]), before["held_earned"], before["held_low"])
    return Checkpoint(before["as_of"], held, before["held_mark"], before["held_lines"])


def held_columns(subject: Subject, moment: Moment, evaluation: Evaluation) -> dict[str, object]:
    """Return the state of the tier as it is stored."""
    held = evaluation.held
    if held is None:
        return dict.fromkeys(("held_tier", "held_earned", "held_low", "held_mark", "held_lines"))
    state = checkpoint(subject, moment, held)
    return {
        "held_tier": int(held.tier),
        "held_earned": held.earned_day,
        "held_low": held.low,
        "held_mark": state.facts,
        "held_lines": state.lines,
    }


def figures_of(subject: Subject, moment: Moment, evaluation: Evaluation, currency: str) -> Figures:
    """Return the figures that are told beside the scores."""
    history = subject.history
    return Figures(
        currency=currency,
        net_revenue_minor=history.revenue(moment.today, moment.policy.year_days),
        orders_count=len(history),
        purchase_days=history.n,
        first_order_at=history.placed[0] if history.placed else None,
        last_order=history.purchase(-1) if history.placed else None,
        overdue_ratio=float(evaluation.rhythm.ratio) if evaluation.rhythm else None,
    )
