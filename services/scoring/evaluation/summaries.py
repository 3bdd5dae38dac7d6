"""A customer in one row of numbers: what SQL needs to tell whether an evaluation would come to anything new."""

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date

from services.scoring.classes import rules as classes
from services.scoring.evaluation.rules import ACCOUNT, Evaluation, Moment
from services.scoring.facts.rules import History
from services.scoring.facts.service import Loaded
from services.scoring.ledger.rules import POINT, TENTH
from services.scoring.policies.rules import Policy
from services.scoring.rfm import rules as rfm
from services.scoring.tiers import rules as tiers

FOREVER = date.max.toordinal()
CLASSES = ("one_time", "steady", "lapsed")
LAYOUT = (
    ("tier", 3),
    ("tenths", 14),
    ("top_30", 1),
    ("top_10", 1),
    ("big", 1),
    ("designated", 1),
    ("top_1", 1),
    ("class", 2),
    ("rhythm", 12),
    ("r", 3),
    ("f", 3),
    ("m", 3),
    ("labelled", 1),
    ("overdue", 12),
    ("spend_fell", 1),
)
"""The parts of an outcome with their bits: all values, points and reasons of a plain customer follow from them."""
CODES = frozenset(
    {
        *("net_revenue", "top_30_revenue", "top_decile_revenue", "big_order", "designated_rep", "top_1_revenue"),
        *("held", "no_recent_revenue", "purchases", "rhythm", "recency", "frequency", "monetary"),
        *("overdue", "spend_fell", "cap"),
    }
)
"""The reasons that a plain customer can have."""


def summary_of(one: Loaded, moment: Moment, evaluation: Evaluation) -> dict[str, object]:
    """Return the columns of a standing that judge the customer later without his or her orders."""
    history, today, policy = one.subject.history, moment.today, moment.policy
    biggest = history.biggest(today, policy.year_days)
    rules = policy.churn
    return {
        "first_day": history.days[0] if history.days else None,
        "last_day": history.days[-1] if history.days else None,
        "net_minor": history.total_minor,
        "biggest_minor": biggest.net_minor if biggest else None,
        "recent_minor": history.between(today, 0, rules.spend_recent_days - 1),
        "before_minor": history.between(today, rules.spend_recent_days, rules.spend_until_days - 1),
        "figures_from": today,
        "figures_until": figures_until(history, today, policy),
        "settled_at": one.settled_at,
        "outcome": outcome_of(evaluation) if is_plain(one) else None,
    }


def figures_until(history: History, today: int, policy: Policy) -> int:
    """Return the next day on which an order leaves one of the windows, so that sums over them change by themselves."""
    ends = [FOREVER]
    for days in (policy.year_days, policy.churn.spend_recent_days, policy.churn.spend_until_days):
        place = bisect_right(history.days, today - days)
        ends += [day + days for day in history.days[place : place + 1]]
    return min(ends)


def is_plain(one: Loaded) -> bool:
    """Tell whether nothing but purchases, the wish for a rep and time decide about a customer's scores."""
    subject = one.subject
    special = (subject.excluded, subject.missing, subject.warnings, subject.answer, subject.left_reps, one.wake_at)
    signs_count = subject.history.n < classes.REPEATED and subject.contacts
    known = len(subject.history) > 0 and one.settled_at is not None
    return known and subject.customer_type != ACCOUNT and not signs_count and not any(special)


def outcome_of(evaluation: Evaluation) -> int | None:
    """Return all scores of a plain customer in one number; None where they do not fit into it."""
    values = {kind: score.value for kind, score in evaluation.scores.items()}
    points = {reason.code: reason.points for score in evaluation.scores.values() for reason in score.reasons}
    if not points.keys() <= CODES:
        return None
    return packed(
        {
            "tier": tiers.LABELS.index(values[tiers.KIND]),
            "tenths": points.get("net_revenue", 0) // TENTH,
            "top_30": "top_30_revenue" in points,
            "top_10": "top_decile_revenue" in points,
            "big": "big_order" in points,
            "designated": "designated_rep" in points,
            "top_1": "top_1_revenue" in points,
            "class": CLASSES.index(values[classes.KIND] or ""),
            "rhythm": max(0, points.get("rhythm", 0)) // POINT,
            "r": points.get("recency", 0) // POINT,
            "f": points.get("frequency", 0) // POINT,
            "m": points.get("monetary", 0) // POINT,
            "labelled": values[rfm.KIND] is not None,
            "overdue": points.get("overdue", 0) // POINT,
            "spend_fell": "spend_fell" in points,
        }
    )


def packed(values: Mapping[str, int]) -> int | None:
    """Return the parts of an outcome as one number; None where a part is larger than its place."""
    outcome = shift = 0
    for name, bits in LAYOUT:
        if values[name] >> bits:
            return None
        outcome |= int(values[name]) << shift
        shift += bits
    return outcome


def packing() -> str:
    """Return the same in SQL, each part being a column of its name."""
    shift, terms = 0, []
    for name, bits in LAYOUT:
        terms.append(f"o_{name}::bigint << {shift}")
        shift += bits
    return " | ".join(f"({term})" for term in terms)
