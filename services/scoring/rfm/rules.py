"""RFM: quintiles by rank with ties together, scored by edges in between, and eleven segments (scoring 11.9)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.scoring.ledger.rules import POINT, Reason, Score, add_up, unknown
from services.scoring.policies.rules import RfmRules

KIND = "rfm"
GROUPS = 5
SEGMENTS = {
    5: ("new", "promising", "potential_loyal", "champions", "champions"),
    4: ("new", "promising", "potential_loyal", "loyal", "champions"),
    3: ("needs_attention", "needs_attention", "needs_attention", "loyal", "loyal"),
    2: ("about_to_sleep", "about_to_sleep", "at_risk", "at_risk", "cannot_lose"),
    1: ("lost", "hibernating", "hibernating", "at_risk", "cannot_lose"),
}
"""Segments by recency (5 = latest) and by frequency and money together (1 to 5)."""

Edges = tuple[int | None, int | None, int | None, int | None]
"""The worst value that still scores 2, 3, 4 and 5; None where nobody does."""


@dataclass(frozen=True, slots=True)
class Metric:
    """The edges of one metric and whether its values differ at all."""

    edges: Edges = (None, None, None, None)
    spread: bool = False

    def score(self, value: int) -> int:
        """Return 1 to 5: the largest group whose edge the value reaches."""
        reached = [place for place, edge in enumerate(self.edges, 2) if edge is not None and value >= edge]
        return max(reached, default=1)


NO_METRIC = Metric()


@dataclass(frozen=True, slots=True)
class Quintiles:
    """The edges of a population, with how many customers they were taken from."""

    customers: int = 0
    recency: Metric = NO_METRIC
    frequency: Metric = NO_METRIC
    monetary: Metric = NO_METRIC

    @property
    def spread(self) -> bool:
        """Whether customers differ in every metric; where they do not, a segment would say nothing."""
        return self.recency.spread and self.frequency.spread and self.monetary.spread


@dataclass(frozen=True, slots=True)
class Habits:
    """What RFM looks at: day of the last purchase, counting orders, sum of net in minor units."""

    last_day: int
    orders: int
    net_minor: int


def metric_of(values: Sequence[int]) -> Metric:
    """Return the edges of a metric: score = 1 + 5·w // N with w = number of customers strictly worse.

    This is the reference; the service takes the same figures with SQL.
    """
    ranked = sorted(values)
    edges: dict[int, int] = {}
    worse = 0
    for place, value in enumerate(ranked):
        if place and value != ranked[place - 1]:
            worse = place
        for group in range(2, 2 + GROUPS * worse // len(ranked)):
            edges.setdefault(group, value)
    found = tuple(edges.get(group) for group in range(2, GROUPS + 1))
    return Metric((found[0], found[1], found[2], found[3]), bool(ranked) and ranked[0] != ranked[-1])


def quintiles_of(population: Sequence[Habits]) -> Quintiles:
    """Return the edges of a population of customers with at least one counting order."""
    return Quintiles(
        len(population),
        metric_of([habits.last_day for habits in population]),
        metric_of([habits.orders for habits in population]),
        metric_of([habits.net_minor for habits in population]),
    )


def rfm_score(habits: Habits | None, quintiles: Quintiles, rules: RfmRules) -> Score:
    """Return the RFM score of a customer; `habits` is None without any counting order."""
    if habits is None:
        return unknown(KIND, "counting order")
    if quintiles.customers < rules.least_customers:
        return unknown(KIND, f"{rules.least_customers} customers with an order", n=habits.orders)
    r = quintiles.recency.score(habits.last_day)
    f = quintiles.frequency.score(habits.orders)
    m = quintiles.monetary.score(habits.net_minor)
    reasons = (
        Reason("recency", r * POINT, {"score": r, "last_day": habits.last_day}, {"last_day": habits.last_day}),
        Reason("frequency", f * POINT, {"score": f, "orders": habits.orders}, {"orders": habits.orders}),
        Reason("monetary", m * POINT, {"score": m, "net_minor": habits.net_minor}, {"net_minor": habits.net_minor}),
    )
    label = segment(r, f, m) if quintiles.spread else None
    confidence = {"n": habits.orders, "customers": quintiles.customers}
    return add_up(KIND, label, reasons, detail={"r": r, "f": f, "m": m}, confidence=confidence)


def segment(r: int, f: int, m: int) -> str:
    """Return the name of a segment; frequency and money count together as (f + m + 1) // 2."""
    return SEGMENTS[r][(f + m + 1) // 2 - 1]
