"""The customer class: steady, one-time, future, lapsed; four that never overlap (scoring 11.7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.scoring.facts.rules import Contact
from services.scoring.ledger.rules import POINT, Outlook, Reason, Score, Step, Threat, Way, add_up, unknown
from services.scoring.policies.rules import ClassRules
from services.scoring.rhythm.rules import Rhythm

KIND = "customer_class"
REPEATED = 2
"""Purchase days from which a customer has a rhythm of his or her own."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign that somebody is likely to become steady. `last_day` is the last local day on which it holds."""

    code: str
    last_day: int
    params: Mapping[str, object] = field(default_factory=dict)
    evidence: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Separation:
    """How many customers of the population bought on several days, once and long enough ago, and repeats in all."""

    repeated: int = 0
    settled_one_time: int = 0
    repeats: int = 0

    def suffices(self, rules: ClassRules) -> bool:
        """Tell whether one-time and lapsed customers can be told apart by now."""
        return (
            min(self.repeated, self.settled_one_time) >= rules.separable_customers
            and self.repeats >= rules.separable_repeats
        )


def early_repeat(first_day: int, silence: int, contacts: Sequence[Contact], rules: ClassRules) -> Sign | None:
    """Return the sign of a contact about another purchase soon after the first one.

    It shows after the first purchase day, within 60 days of it, and holds while the silence is at most 60 days.
    """
    if silence > rules.early_days:
        return None
    shown = [contact for contact in contacts if first_day < contact.day <= first_day + rules.early_days]
    if not shown:
        return None
    latest = max(shown, key=lambda contact: contact.day)
    return Sign("early_repeat", first_day + rules.early_days, {"shown_day": latest.day}, latest.evidence)


def intends_to_rebuy(answer: int, answered_day: int, today: int, rules: ClassRules) -> Sign | None:
    """Return the sign of the latest answer to "will you buy again" (1-5): at least 4, within 180 days."""
    last_day = answered_day + rules.rebuy_days - 1
    if answer < rules.rebuy_answer or today > last_day:
        return None
    return Sign("intends_to_rebuy", last_day, {"answer": answer, "answered_day": answered_day})


def class_score(
    rhythm: Rhythm | None,
    purchase_days: int,
    signs: Iterable[Sign],
    rules: ClassRules,
    *,
    main_customer: bool = False,
    separable: bool = False,
) -> Score:
    """Return the class of a customer; `rhythm` is None without any purchase."""
    shown = tuple(signs)[: rules.most_signs]
    if rhythm is None and not shown:
        return unknown(KIND, "counting order")
    if rhythm is not None and purchase_days >= REPEATED:
        return repeated_score(rhythm, purchase_days, rules, main_customer=main_customer, separable=separable)
    reasons = [Reason(sign.code, rules.first_points * POINT, sign.params, sign.evidence) for sign in shown]
    if rhythm is not None:
        reasons.append(
            Reason("purchases", rules.first_points * POINT, {"purchase_days": 1, "last_day": rhythm.last_day})
        )
    young = rhythm is not None and rhythm.silence < rules.provisional_days
    detail = {
        "purchase_days": purchase_days,
        "provisional": young or not separable,
        "dormant": rhythm is not None and not shown and rhythm.silence >= rules.dormant_days,
    }
    return add_up(KIND, "future" if shown else "one_time", reasons, detail=detail, confidence={"n": purchase_days})


def repeated_score(
    rhythm: Rhythm, purchase_days: int, rules: ClassRules, *, main_customer: bool, separable: bool
) -> Score:
    """Return steady or lapsed: at least two purchase days, silent for at most three usual gaps or for longer."""
    steady = not rhythm.exceeds(rules.lapsed_ratio)
    points = rhythm_points(rhythm, rules) if steady else -rules.rhythm_points
    about = {"silence": rhythm.silence, "gap": rhythm.shown_gap, "last_day": rhythm.last_day}
    reasons = [
        Reason(
            "purchases", rules.purchases_points * POINT, {"purchase_days": purchase_days, "last_day": rhythm.last_day}
        ),
        Reason("rhythm", points * POINT, about),
    ]
    detail = {
        "purchase_days": purchase_days,
        "steady_main": steady and main_customer,
        "provisional": not separable,
        "overdue_ratio": rhythm.shown_ratio,
    }
    return add_up(KIND, "steady" if steady else "lapsed", reasons, detail=detail, confidence={"n": purchase_days})


def rhythm_points(rhythm: Rhythm, rules: ClassRules) -> int:
    """Return floor(50·(3m - s) / 3m): 50 on a purchase day, 0 at three usual gaps."""
    whole = rules.lapsed_ratio * rhythm.gap_days
    return rules.rhythm_points * (whole - rhythm.silence * rhythm.gap_parts) // whole


def class_outlook(score: Score, rhythm: Rhythm | None, signs: Sequence[Sign], rules: ClassRules) -> Outlook | None:
    """Return what would change a class: another purchase day makes steady, silence makes lapsed."""
    match score.value:
        case "steady" if rhythm is not None:
            day = rhythm.first_day_beyond(rules.lapsed_ratio)
            return Outlook(down=Threat("lapsed", "purchase", day))
        case "one_time":
            return Outlook(up=Way("steady", (Step("purchase_days", 1, REPEATED),)))
        case "lapsed":
            have = int(str(score.detail["purchase_days"]))
            return Outlook(up=Way("steady", (Step("purchase_days", have, have + 1),)))
        case "future" if rhythm is not None:
            ends = max(sign.last_day for sign in signs) + 1
            return Outlook(Way("steady", (Step("purchase_days", 1, REPEATED),)), Threat("one_time", "purchase", ends))
    return None
