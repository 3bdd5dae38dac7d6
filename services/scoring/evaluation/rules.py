"""All scores of one customer from facts and cut-offs: a pure function, the same for one order and for a million."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from services.scoring.churn import rules as churn
from services.scoring.classes import rules as classes
from services.scoring.cutoffs.rules import Cutoffs, freeze_ends, is_freeze
from services.scoring.facts.rules import History, Subject, local_day
from services.scoring.holding.rules import Calendar, Checkpoint, Held, Point, fold, mark_of_facts, threat
from services.scoring.ledger.rules import Outlook, Score, unknown, unscored
from services.scoring.policies.rules import Policy
from services.scoring.rfm import rules as rfm
from services.scoring.rhythm.rules import Rhythm, rhythm_of
from services.scoring.tiers import rules as tiers

KINDS = (tiers.KIND, classes.KIND, rfm.KIND, churn.KIND)
PERSON = "person"
ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Moment:
    """When and by which rules a population is evaluated."""

    as_of: datetime
    today: int
    policy: Policy
    cutoffs: Cutoffs
    calendar: Calendar
    """The evaluation points up to now; without a recorded one, this moment is the first."""
    policy_version: int = 1
    recorded: bool = True
    """Whether all cut-offs are recorded ones, which stay until the next record."""

    def at(self, as_of: datetime, zone: ZoneInfo) -> "Moment":
        """Return another moment with the same cut-offs."""
        return self if as_of == self.as_of else replace(self, as_of=as_of, today=local_day(as_of, zone))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of it: a score per kind, and the state of the tier to go on from (None before the first record)."""

    scores: Mapping[str, Score]
    held: Held | None
    rhythm: Rhythm | None


def moment_of(as_of: datetime, zone: ZoneInfo, policy: Policy, cutoffs: Cutoffs, calendar: Calendar) -> Moment:
    """Return the moment of an evaluation, its local day worked out."""
    return Moment(as_of, local_day(as_of, zone), policy, cutoffs, calendar)


def evaluate(subject: Subject, moment: Moment, start: Checkpoint | None = None) -> Evaluation:
    """Return all scores of a customer; `start` is an earlier state of the tier to go on from."""
    if subject.excluded is not None:
        return Evaluation({kind: unscored(kind, subject.excluded) for kind in KINDS}, None, None)
    if subject.scored_as is not None and not len(subject.history):
        return Evaluation({kind: unknown(kind, scored_as=subject.scored_as) for kind in KINDS}, None, None)
    rhythm = rhythm_now(subject.history, moment)
    held = fold(subject.history, subject.designated_at, moment.calendar, moment.as_of, moment.policy, start)
    tier = tier_now(subject, moment, held)
    scores = [
        tier,
        class_now(subject, moment, rhythm, main_customer=tier.detail.get("main_customer") is True),
        rfm.rfm_score(habits_of(subject.history, moment), moment.cutoffs.daily.quintiles, moment.policy.rfm),
        churn.churn_score(rhythm, subject.history.n, churn_signs(subject, moment), moment.policy.churn),
    ]
    return Evaluation({score.kind: with_missing(score, subject.missing) for score in scores}, held, rhythm)


def checkpoint(subject: Subject, moment: Moment, held: Held) -> Checkpoint:
    """Return the state of the tier to store, tied to the facts that it was folded from."""
    mark = mark_of_facts(subject.history, subject.designated_at, moment.as_of)
    return Checkpoint(moment.as_of, held, mark, moment.calendar.mark(moment.as_of))


def with_missing(score: Score, missing: tuple[str, ...]) -> Score:
    """Return a score that names the rates without which orders were left out."""
    return score._replace(missing=(*score.missing, *missing)) if missing else score


def rhythm_now(history: History, moment: Moment) -> Rhythm | None:
    """Return the rhythm of a customer, None without any purchase."""
    if not history.purchase_days:
        return None
    first, last = history.purchase_days[0], history.purchase_days[-1]
    gap = moment.cutoffs.daily.typical_gap
    return rhythm_of(first, last, history.n, moment.today, gap, moment.policy.rhythm)


def is_designated(subject: Subject, moment: Moment) -> bool:
    """Tell whether the customer had asked for a rep by now."""
    return subject.designated_at is not None and subject.designated_at <= moment.as_of


def tier_now(subject: Subject, moment: Moment, held: Held | None) -> Score:
    """Return the value tier; before the first recorded evaluation it is the entry tier."""
    designated = is_designated(subject, moment)
    standing = tiers.standing_of(subject.history, moment.today, moment.policy, designated=designated)
    tier = held.tier if held else tiers.Tier.NONE
    score = tiers.tier_score(standing, moment.cutoffs.lines, tier, len(subject.history), moment.policy)
    if subject.warnings:
        return score._replace(detail={**score.detail, "data_warnings": list(subject.warnings)})
    return score


def class_signs(subject: Subject, moment: Moment, rhythm: Rhythm | None) -> list[classes.Sign]:
    """Return the future signs that hold; only those whose facts exist (11.7)."""
    rules = moment.policy.customer_class
    found = []
    if rhythm is not None and subject.history.n == 1:
        found.append(classes.early_repeat(rhythm.last_day, rhythm.silence, subject.contacts, rules))
    if subject.answer is not None:
        found.append(classes.intends_to_rebuy(*subject.answer, moment.today, rules))
    return [sign for sign in found if sign is not None]


def class_now(subject: Subject, moment: Moment, rhythm: Rhythm | None, *, main_customer: bool) -> Score:
    """Return the customer class."""
    rules = moment.policy.customer_class
    return classes.class_score(
        rhythm,
        subject.history.n,
        class_signs(subject, moment, rhythm),
        rules,
        main_customer=main_customer,
        separable=moment.cutoffs.daily.separation.suffices(rules),
    )


def habits_of(history: History, moment: Moment) -> rfm.Habits | None:
    """Return what RFM looks at, over all history or the policy's window; None without an order in it."""
    days = moment.policy.rfm.rfm_days
    start, end = history.window(moment.today, days) if days else (0, len(history))
    return rfm.Habits(history.days[end - 1], end - start, sum(history.nets[start:end])) if end > start else None


def churn_signs(subject: Subject, moment: Moment) -> list[churn.ChurnSign]:
    """Return the churn signs that hold; only those whose facts exist (11.10)."""
    rules = moment.policy.churn
    found = [churn.spend_fell(subject.history, moment.today, rules), churn.rep_left(subject.left_reps, rules)]
    if subject.customer_type == ACCOUNT:
        found.append(churn.no_news(subject.first_contact_day, subject.last_news_day, moment.today, rules))
    return [sign for sign in found if sign is not None]


def outlooks(subject: Subject, moment: Moment, evaluation: Evaluation) -> dict[str, Outlook | None]:
    """Return what would change each score: the shortest way up and the first threat down."""
    if evaluation.rhythm is None:
        return dict.fromkeys(KINDS)
    rhythm, policy = evaluation.rhythm, moment.policy
    scores = evaluation.scores
    signs = class_signs(subject, moment, rhythm)
    return {
        tiers.KIND: tier_outlook(subject, moment, evaluation),
        classes.KIND: classes.class_outlook(scores[classes.KIND], rhythm, signs, policy.customer_class),
        rfm.KIND: None,
        churn.KIND: churn.churn_outlook(scores[churn.KIND], rhythm, policy.churn),
    }


def tier_outlook(subject: Subject, moment: Moment, evaluation: Evaluation) -> Outlook | None:
    """Return the next tier with what it needs until the lines move, and the first downgrade (`next` of 11.5)."""
    lines, policy = moment.cutoffs.lines, moment.policy
    designated = is_designated(subject, moment)
    standing = tiers.standing_of(subject.history, moment.today, policy, designated=designated)
    label = evaluation.scores[tiers.KIND].value
    tier = tiers.Tier(tiers.LABELS.index(label))
    ends = freeze_ends(moment.today, lines.customers, policy.small_base)
    down = threat(
        evaluation.held or Held(tier, moment.today),
        subject.history,
        Point(moment.as_of, moment.today, monday=False, lines=lines),
        policy,
        designated=designated,
        is_freeze=lambda day: is_freeze(day, lines.customers, policy.small_base),
    )
    return tiers.outlook_of(tiers.way_up(standing, tier, lines, ends, policy.tier), down)
