"""The value tier: main-customer tests, points and the entry tier (scoring 11.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from services.scoring.facts.rules import History, Purchase
from services.scoring.ledger.rules import (
    POINT,
    TENTH,
    Outlook,
    Reason,
    Score,
    Step,
    Threat,
    Way,
    add_up,
    unknown,
)
from services.scoring.policies.rules import Policy, TierRules

KIND = "value_tier"
ALL = 10_000
"""Basis points of a whole."""


class Tier(IntEnum):
    """Tiers from nothing to the best; NONE is who never had a counting order."""

    NONE = 0
    BRONZE = 1
    SILVER = 2
    GOLD = 3
    DIAMOND = 4

    @property
    def label(self) -> str | None:
        """The value in the API."""
        return LABELS[self]


LABELS = (None, "bronze", "silver", "gold", "diamond")


@dataclass(frozen=True, slots=True)
class Lines:
    """The tier lines of a population: v1, v10, v30 in minor units, and the orders behind the average order value.

    All are 0 while nobody has revenue; `base_orders` is 0 while the average is unknown.
    """

    customers: int = 0
    top_1: int = 0
    top_10: int = 0
    top_30: int = 0
    base_orders: int = 0
    base_sum: int = 0

    def of(self, tier: Tier) -> int:
        """Return the revenue line of silver, gold or diamond."""
        return (self.top_30, self.top_10, self.top_1)[tier - Tier.SILVER]

    def reached(self, revenue: int, line: int) -> bool:
        """Tell whether revenue is at or above a line; ties are inside, without customers there are no lines."""
        return self.customers > 0 and 0 < revenue >= line

    def is_big(self, net: int, multiple: int) -> bool:
        """Tell whether an order is at least `multiple` times the average: net·n >= multiple·sum."""
        return self.base_orders > 0 and net * self.base_orders >= multiple * self.base_sum

    @property
    def average_order(self) -> int | None:
        """The average order value in minor units, rounded down; for people to read, rules use the fraction."""
        return self.base_sum // self.base_orders if self.base_orders else None

    def big_order(self, multiple: int) -> int | None:
        """Return the smallest net that is a big order, in minor units; None while the average is unknown."""
        return -(-multiple * self.base_sum // self.base_orders) if self.base_orders else None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the tests look at: revenue of the year, its biggest order, designation, ever a counting order."""

    revenue: int
    biggest: Purchase | None
    designated: bool
    ever: bool


def rank_of_share(customers: int, share: int) -> int:
    """Return k: how many of `customers` are in the top `share` basis points, rounded up without floats (11.5)."""
    return (customers * share + ALL - 1) // ALL


def lines_of(revenues: Sequence[int], base: tuple[int, int], rules: TierRules) -> Lines:
    """Return the lines of a population: v(b) is the k-th largest revenue; `base` is number and sum of orders.

    Only revenues above 0 rank. This is the reference; the service takes the same figures with SQL.
    """
    ranked = sorted((revenue for revenue in revenues if revenue > 0), reverse=True)
    if not ranked:
        return Lines(base_orders=base[0], base_sum=base[1])
    top_1, top_10, top_30 = (ranked[rank_of_share(len(ranked), share) - 1] for share in rules.shares)
    return Lines(len(ranked), top_1, top_10, top_30, *base)


def average_base(closed_months: tuple[int, int], last_year: tuple[int, int], rules: TierRules) -> tuple[int, int]:
    """Return number and sum of the orders behind the average order value, (0, 0) if it is unknown (11.5).

    Takes number and sum of the counting orders with net > 0: of the 12 closed months, and of the last 365 days.
    """
    if closed_months[0] >= rules.average_order_least:
        return closed_months
    return last_year if last_year[0] >= rules.average_order_floor else (0, 0)


def tests(standing: Standing, lines: Lines, rules: TierRules) -> tuple[str, ...]:
    """Return the main-customer tests that hold, in their order of weight."""
    found = []
    if lines.reached(standing.revenue, lines.top_10):
        found.append("top_decile_revenue")
    if standing.biggest is not None and lines.is_big(standing.biggest.net_minor, rules.big_order):
        found.append("big_order")
    if standing.designated:
        found.append("designated_rep")
    return tuple(found)


ALL_TESTS = 3


def entry_tier(standing: Standing, lines: Lines, rules: TierRules) -> Tier:
    """Return the tier that the facts of the moment earn."""
    if not standing.ever:
        return Tier.NONE
    held = tests(standing, lines, rules)
    if lines.reached(standing.revenue, lines.top_1) or len(held) == ALL_TESTS:
        return Tier.DIAMOND
    if held:
        return Tier.GOLD
    return Tier.SILVER if lines.reached(standing.revenue, lines.top_30) else Tier.BRONZE


def standing_of(history: History, today: int, policy: Policy, *, designated: bool) -> Standing:
    """Return what the tests look at, on one local day."""
    return Standing(
        revenue=history.revenue(today, policy.year_days),
        biggest=history.biggest(today, policy.year_days),
        designated=designated,
        ever=len(history) > 0,
    )


def tier_score(standing: Standing, lines: Lines, held: Tier, orders: int, policy: Policy) -> Score:
    """Return the score of a customer whose tier is `held`; a tier above what the points earn is explained (11.5)."""
    if not standing.ever:
        return unknown(KIND, "counting order")
    rules = policy.tier
    entry = entry_tier(standing, lines, rules)
    reasons = [*revenue_reasons(standing, lines, rules), *main_reasons(standing, lines, rules)]
    tier = max(entry, held)
    reasons += holding_reasons(tier, entry, sum(reason.points for reason in reasons), rules)
    if not reasons:
        reasons.append(Reason("no_recent_revenue", 0, {"days": policy.year_days}))
    detail = {
        "entry": entry.label,
        "main_customer": bool(tests(standing, lines, rules)),
        "net_revenue_minor": standing.revenue,
        "average_order_minor": lines.average_order,
        "small_base": lines.customers < rules.thin_base,
    }
    return add_up(KIND, tier.label, reasons, detail=detail, confidence={"n": orders, "customers": lines.customers})


def revenue_reasons(standing: Standing, lines: Lines, rules: TierRules) -> list[Reason]:
    """Return the reasons from revenue: floor(100·R / v10) / 10 up to 10 points, and the lines of 30 % and 1 %."""
    if standing.revenue <= 0 or lines.customers == 0:
        return []
    most = rules.revenue_points * TENTH
    tenths = min(most, most * standing.revenue // lines.top_10)
    revenue = {"net_revenue_minor": standing.revenue}
    reasons = [Reason("net_revenue", tenths * TENTH, revenue | {"full_minor": lines.top_10}, revenue)]
    if lines.reached(standing.revenue, lines.top_30):
        reasons.append(by_line("top_30_revenue", rules.top_30_points * POINT, lines.top_30, standing, lines))
    if lines.reached(standing.revenue, lines.top_1):
        reasons.append(by_line("top_1_revenue", rules.top_1_points * POINT, lines.top_1, standing, lines))
    return reasons


def by_line(code: str, points: int, line: int, standing: Standing, lines: Lines) -> Reason:
    """Return the reason for being at or above a revenue line."""
    params: Mapping[str, object] = {"line_minor": line, "customers": lines.customers}
    return Reason(code, points, params, {"net_revenue_minor": standing.revenue})


def main_reasons(standing: Standing, lines: Lines, rules: TierRules) -> list[Reason]:
    """Return the main-customer tests as reasons: 50 points for the first that holds, 5 for each further one."""
    points = (rules.main_points, rules.further_points, rules.further_points)
    held = zip(tests(standing, lines, rules), points, strict=False)
    return [main_reason(code, own * POINT, standing, lines, rules) for code, own in held]


def main_reason(code: str, points: int, standing: Standing, lines: Lines, rules: TierRules) -> Reason:
    """Return one main-customer test that holds as a reason."""
    if code == "top_decile_revenue":
        return by_line(code, points, lines.top_10, standing, lines)
    if code == "big_order":
        return Reason(code, points, big_params(standing.biggest, lines, rules), big_evidence(standing.biggest))
    return Reason(code, points)


def big_params(order: Purchase | None, lines: Lines, rules: TierRules) -> dict[str, object]:
    """Return what is said about the big order."""
    net = order.net_minor if order else None
    return {"net_minor": net, "multiple": rules.big_order, "average_minor": lines.average_order}


def big_evidence(order: Purchase | None) -> dict[str, object]:
    """Return which order it was."""
    return {"order_id": str(order.order_id), "net_minor": order.net_minor} if order else {}


def holding_reasons(tier: Tier, entry: Tier, points: int, rules: TierRules) -> list[Reason]:
    """Return `held` with the points that are missing to the floor of a tier above the entry tier; else nothing."""
    if tier <= entry:
        return []
    floor = rules.floors[tier - Tier.SILVER] * POINT
    return [Reason("held", floor - points, {"tier": tier.label, "entry": entry.label})]


def way_up(standing: Standing, tier: Tier, lines: Lines, by_day: int, rules: TierRules) -> Way | None:
    """Return the next tier and what leads there if bought today (`next` of 11.5); None at the top or without lines."""
    if tier in {Tier.NONE, Tier.DIAMOND} or lines.customers == 0:
        return None
    above = Tier(tier + 1)
    line = lines.of(above)
    steps = [Step("net_revenue", standing.revenue, line, by_day)] if standing.revenue < line else []
    big = lines.big_order(rules.big_order)
    if above is Tier.GOLD and big is not None:
        steps.append(Step("single_order", standing.biggest.net_minor if standing.biggest else 0, big, by_day))
    return Way(above.name.lower(), tuple(steps)) if steps else None


def outlook_of(way: Way | None, threat: Threat | None) -> Outlook | None:
    """Return both ways of change, None if there is neither."""
    return Outlook(way, threat) if way or threat else None
