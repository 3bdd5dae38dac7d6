"""A customer's usual gap between purchase days, and how long he or she has been silent beyond it (scoring 11.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from services.scoring.policies.rules import RhythmRules


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Silence in whole days against a usual gap that is the fraction gap_days / gap_parts."""

    last_day: int
    silence: int
    gap_days: int
    gap_parts: int

    @property
    def gap(self) -> Fraction:
        """m: the usual gap in days, at least the policy's shortest."""
        return Fraction(self.gap_days, self.gap_parts)

    @property
    def ratio(self) -> Fraction:
        """q: the overdue ratio, silence over usual gap; 0 on a purchase day."""
        return Fraction(self.silence * self.gap_parts, self.gap_days)

    @property
    def shown_gap(self) -> float:
        """M in days with one decimal, half up, for people."""
        return (20 * self.gap_days + self.gap_parts) // (2 * self.gap_parts) / 10

    @property
    def shown_ratio(self) -> str:
        """Q with three decimals, for people."""
        return f"{self.silence * self.gap_parts / self.gap_days:.3f}"

    def exceeds(self, multiple: int) -> bool:
        """Tell whether q is greater than `multiple`."""
        return self.silence * self.gap_parts > multiple * self.gap_days

    def first_day_beyond(self, multiple: int) -> int:
        """Return the first local day on which q is greater than `multiple` if nothing is bought before."""
        return self.last_day + multiple * self.gap_days // self.gap_parts + 1


def rhythm_of(
    first_day: int, last_day: int, purchase_days: int, today: int, typical_gap: int, rules: RhythmRules
) -> Rhythm:
    """Return the rhythm of a customer with at least one purchase day.

    m = max(10, (last - first + 2·g0) / (n - 1 + 2)): own gaps and two typical ones; with n = 1 that is g0.
    """
    days = last_day - first_day + rules.typical_gaps * typical_gap
    parts = purchase_days - 1 + rules.typical_gaps
    if parts == 0 or days < rules.shortest_gap * parts:
        days, parts = rules.shortest_gap, 1
    return Rhythm(last_day, today - last_day, days, parts)


def own_gap(first_day: int, last_day: int, purchase_days: int) -> int:
    """Return a customer's mean gap in whole days, (last - first) // (n - 1), for n >= 2."""
    return (last_day - first_day) // (purchase_days - 1)


def typical_gap(gaps: Sequence[int], rules: RhythmRules) -> int:
    """Return g0: the lower median of the gaps of customers with n >= 2, or the default for too few of them."""
    if len(gaps) < rules.least_customers:
        return rules.default_gap
    return sorted(gaps)[(len(gaps) - 1) // 2]
