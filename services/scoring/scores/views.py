"""Scores as clients see them: points as numbers, money and dates typed, every text in the reader's language."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.kit.money import amount_text
from services.kit.web.schemas import Ref
from services.scoring.ledger import service as ledger
from services.scoring.ledger.rules import POINT, Outlook, Reason, Score, Step
from services.scoring.ledger.rules import Threat as Danger
from services.scoring.scores.schemas import (
    Confidence,
    CustomerScoresRead,
    NextRead,
    PolicyMark,
    ReasonRead,
    ScoreChangeRead,
    ScoreRead,
    StepRead,
    Threat,
    ThreatRead,
    WayRead,
)
from services.scoring.scores.service import CustomerScores, Shown
from services.scoring.wording import reason_words, shown, words

if TYPE_CHECKING:
    import asyncpg

MONEY = frozenset({"net_revenue", "single_order"})
"""Measures that are money."""
Ids = Mapping[int, UUID]


def scores_of(found: CustomerScores, policies: Ids, locale: str) -> CustomerScoresRead:
    """Return all scores of a customer."""
    customer = ref(found.customer_id, found.customer_type)
    scores = {kind: score_of(found, one, policies, locale) for kind, one in found.scores.items()}
    return CustomerScoresRead(customer_id=found.customer_id, customer=customer, as_of=found.as_of, scores=scores)


def score_of(found: CustomerScores, one: Shown, policies: Ids, locale: str) -> ScoreRead:
    """Return one score with reasons and outlook."""
    score = one.score
    return ScoreRead(
        customer_id=found.customer_id,
        customer=ref(found.customer_id, found.customer_type),
        kind=score.kind,
        value=score.value,
        number=None,
        money=None,
        points=points(score.points),
        as_of=found.as_of,
        policy=PolicyMark(id=policies.get(one.policy_version), version=one.policy_version),
        confidence=confidence(score),
        missing=list(score.missing),
        previous_value=one.previous_value,
        changed_at=one.changed_at,
        scored_as=score.scored_as,
        detail=shown(score.detail, one.currency),
        reasons=[reason_of(score.kind, reason, one.currency, locale) for reason in score.reasons],
        next=next_of(score.kind, one.outlook, one.currency, locale),
    )


def page_of(found: Iterable[CustomerScores], policies: Ids, locale: str) -> list[ScoreRead]:
    """Return the scores of a list."""
    return [score_of(one, score, policies, locale) for one in found for score in one.scores.values()]


def change_of(customer: Ref, row: "asyncpg.Record", policies: Ids, locale: str) -> ScoreChangeRead:
    """Return an entry of the history."""
    score = ledger.read_score(row["kind"], row["value"], row["points"], row["body"])
    currency = row["body"]["currency"]
    return ScoreChangeRead(
        id=row["id"],
        customer_id=customer.id,
        customer=customer,
        kind=score.kind,
        value=score.value,
        previous_value=row["previous_value"],
        points=points(score.points),
        previous_points=points(row["previous_points"]),
        as_of=row["as_of"],
        policy=PolicyMark(id=policies.get(row["policy_version"]), version=row["policy_version"]),
        cause=row["cause"],
        missing=list(score.missing),
        reasons=[reason_of(score.kind, reason, currency, locale) for reason in score.reasons],
        detail=shown(score.detail, currency),
    )


def ref(customer_id: UUID, kind: str) -> Ref:
    """Return a reference; the gateway fills in the name."""
    return Ref(id=customer_id, type=kind, display_name=None)


def points(hundredths: int | None) -> float | None:
    """Return points as a number with at most two decimals."""
    return None if hundredths is None else hundredths / POINT


def confidence(score: Score) -> Confidence:
    """Return what a score rests on."""
    customers = score.confidence.get("customers")
    return Confidence(n=int(str(score.confidence["n"])), customers=None if customers is None else int(str(customers)))


def reason_of(kind: str, reason: Reason, currency: str, locale: str) -> ReasonRead:
    """Return one reason in words."""
    return ReasonRead(
        code=reason.code,
        text=reason_words(kind, reason.code, reason.params, currency, locale),
        params=shown(reason.params, currency),
        points=reason.points / POINT,
        evidence=shown(reason.evidence, currency),
    )


def next_of(kind: str, outlook: Outlook | None, currency: str, locale: str) -> NextRead | None:
    """Return what would change a score, in words."""
    if outlook is None or (outlook.up is None and outlook.down is None):
        return None
    up, down = outlook.up, outlook.down
    steps = [step_of(step, currency, locale) for step in up.steps] if up else []
    threat = threat_of(kind, down, locale) if down else None
    return NextRead(
        label=up.label if up else None,
        needs=steps[0].text if steps else None,
        at_risk_of=down.label if down else None,
        condition=threat.text if threat else None,
        up=WayRead(label=up.label, steps=steps) if up else None,
        down=ThreatRead(label=down.label, threat=threat) if down and threat else None,
    )


def step_of(step: Step, currency: str, locale: str) -> StepRead:
    """Return one way up: how much is there, how much it takes, until when."""
    is_money = step.measure in MONEY
    more = step.need - step.have if step.measure == "net_revenue" else step.need
    values = {("more_minor" if is_money else "more"): more if is_money else step.need - step.have}
    if step.by_day is not None:
        values["by_day"] = step.by_day
    return StepRead(
        measure=step.measure,
        have=amount_text(step.have, currency) if is_money else str(step.have),
        need=amount_text(step.need, currency) if is_money else str(step.need),
        by=date.fromordinal(step.by_day) if step.by_day is not None else None,
        text=words(f"needs.{step.measure}", values, currency, locale),
    )


def threat_of(kind: str, threat: Danger, locale: str) -> Threat:
    """Return what brings a worse label."""
    at = date.fromordinal(threat.at_day)
    text = words(f"if.{kind}.{threat.measure}", {"at_day": threat.at_day}, "", locale)
    return Threat(measure=threat.measure, at=at, text=text)
