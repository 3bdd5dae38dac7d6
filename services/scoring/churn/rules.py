"""The churn level on the overdue path: silence beyond one's own rhythm, and signs that something is wrong (11.10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.scoring.facts.rules import History
from services.scoring.ledger.rules import (
    POINT,
    Outlook,
    Reason,
    Score,
    Step,
    Threat,
    Way,
    add_up,
    cap,
    unknown,
)
from services.scoring.policies.rules import ChurnRules
from services.scoring.rhythm.rules import Rhythm

KIND = "churn_risk"
LEVELS = ("none", "watch", "warn", "likely_lost")
WARN = 2


@dataclass(frozen=True, slots=True)
class ChurnSign:
    """Something beside silence that speaks for leaving, with whole points."""

    code: str
    points: int
    params: Mapping[str, object] = field(default_factory=dict)
    evidence: Mapping[str, object] = field(default_factory=dict)


def overdue_points(rhythm: Rhythm, rules: ChurnRules) -> int:
    """Return ceil(25·(q - 1)) within 0 .. 100, in whole points."""
    beyond = rules.overdue_points * (rhythm.silence * rhythm.gap_parts - rhythm.gap_days)
    return max(0, min(rules.most_points, -(-beyond // rhythm.gap_days)))


def spend_fell(history: History, today: int, rules: ChurnRules) -> ChurnSign | None:
    """Return the sign that 6 times the net of ages 0-89 is below the net of ages 90-359, from 4 purchase days on."""
    if history.n < rules.spend_least_purchases:
        return None
    recent = history.between(today, 0, rules.spend_recent_days - 1)
    before = history.between(today, rules.spend_recent_days, rules.spend_until_days - 1)
    if rules.spend_factor * recent >= before:
        return None
    params = {"recent_minor": recent, "before_minor": before, "days": rules.spend_recent_days}
    return ChurnSign("spend_fell", rules.spend_fell_points, params)


def rep_left(reps: Iterable[str], rules: ChurnRules) -> ChurnSign | None:
    """Return the sign that an owner or designated rep has left and nobody took over; takes their ids."""
    gone = sorted(set(reps))
    return ChurnSign("rep_left", rules.rep_left_points, evidence={"rep_ids": gone}) if gone else None


def no_news(
    first_contact_day: int | None, last_news_day: int | None, today: int, rules: ChurnRules
) -> ChurnSign | None:
    """Return the sign that no information was shared with an account's people for 180 days.

    `first_contact_day` is None where no contact with them is recorded at all: then nothing is known about what was
    shared, and no sign is made out of that.
    """
    if first_contact_day is None:
        return None
    since = first_contact_day if last_news_day is None else last_news_day
    if today - since < rules.no_news_days:
        return None
    params: dict[str, object] = {"days": rules.no_news_days}
    return ChurnSign(
        "no_news_shared", rules.no_news_points, params if last_news_day is None else params | {"last_day": since}
    )


def churn_score(rhythm: Rhythm | None, purchase_days: int, signs: Iterable[ChurnSign], rules: ChurnRules) -> Score:
    """Return the churn level; unknown without any purchase."""
    if rhythm is None:
        return unknown(KIND, "counting order")
    shown = tuple(signs)
    silent = {"silence": rhythm.silence, "gap": rhythm.shown_gap, "last_day": rhythm.last_day}
    reasons = [Reason("overdue", overdue_points(rhythm, rules) * POINT, silent, {"last_day": rhythm.last_day})]
    reasons += [Reason(sign.code, sign.points * POINT, sign.params, sign.evidence) for sign in shown]
    reasons += cap(sum(reason.points for reason in reasons), rules.most_points * POINT)
    level = level_of(sum(reason.points for reason in reasons), rules)
    detail = {
        "path": "overdue",
        "overdue_ratio": rhythm.shown_ratio,
        "warning": opens_warning(level, purchase_days, has_sign=bool(shown)),
    }
    return add_up(KIND, LEVELS[level], reasons, detail=detail, confidence={"n": purchase_days})


def level_of(points: int, rules: ChurnRules) -> int:
    """Return the place of the level in LEVELS for hundredths of points."""
    return sum(points > limit * POINT for limit in rules.levels)


def opens_warning(level: int, purchase_days: int, *, has_sign: bool) -> bool:
    """Tell whether a level is one that opens a warning: warn for who bought repeatedly, watch and warn with a sign."""
    if has_sign:
        return level >= WARN - 1
    return level >= WARN and purchase_days > 1


def churn_outlook(score: Score, rhythm: Rhythm, rules: ChurnRules) -> Outlook:
    """Return what would change a level: a purchase clears the silence, more of it worsens the level."""
    level = LEVELS.index(score.value or LEVELS[0])
    signs = sum(reason.points for reason in score.reasons if reason.code not in {"overdue", "cap"})
    better = LEVELS[level_of(signs, rules)]
    way = Way(better, (Step("purchase_days", 0, 1),)) if level_of(signs, rules) < level else None
    return Outlook(way, next_worse(level, signs, rhythm, rules))


def next_worse(level: int, signs: int, rhythm: Rhythm, rules: ChurnRules) -> Threat | None:
    """Return the next level and the first day on which silence alone brings it; None at the worst."""
    if level == len(LEVELS) - 1:
        return None
    # ceil(25·(q-1)) + signs > limit  <=>  25·(q-1) > limit - signs, for whole points
    beyond = rules.levels[level] - signs // POINT + rules.overdue_points
    day = rhythm.last_day + beyond * rhythm.gap_days // (rules.overdue_points * rhythm.gap_parts) + 1
    return Threat(LEVELS[level + 1], "purchase", day)
