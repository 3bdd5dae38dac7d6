"""The sieve: finds in a few milliseconds, among thousands of customers, those whose scores may have moved.

SQL works out the outcome of each plain customer from the standing and the cut-offs and compares it with the stored
one. Whoever moved, or cannot be judged by numbers alone, goes to the rules: they are what decides, this only says who
cannot have changed. What is doubtful counts as moved.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from services.kit.database import Session
from services.scoring.evaluation import repository
from services.scoring.evaluation.repository import Scale
from services.scoring.evaluation.rules import Moment
from services.scoring.holding.rules import Lately
from services.scoring.ledger.rules import TENTH
from services.scoring.policies.rules import Policy
from services.scoring.rfm.rules import Metric
from services.scoring.tiers.rules import Lines
from services.scoring.workspaces.service import Workspace

NEVER = 2**63 - 1
"""A line that nobody reaches."""
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sifted:
    """A stretch of customers by id: how many, the last of them, and those whose scores may have moved."""

    looked_at: int
    last: UUID
    moved: list[UUID]

    def parts(self, size: int) -> Iterator["Sifted"]:
        """Return the stretch in parts with so many who may have moved."""
        parts = [self.moved[place : place + size] for place in range(0, len(self.moved), size)] or [[]]
        for part in parts[:-1]:
            yield Sifted(len(part), part[-1], part)
        yield Sifted(self.looked_at - sum(map(len, parts[:-1])), self.last, parts[-1])


async def sift(session: Session, workspace: Workspace, moment: Moment, after: UUID, limit: int) -> Sifted | None:
    """Look at the customers that follow an id; None at the end."""
    last = await repository.stretch_end(session, workspace.workspace_id, after, limit)
    if last is None:
        return None
    row = await repository.sifted(session, workspace.workspace_id, after, last, scale_of(moment, workspace.currency))
    return Sifted(row["looked_at"], last, row["moved"])


def scale_of(moment: Moment, currency: str) -> Scale | None:
    """Return what outcomes are judged by; None where only the rules can: without recorded cut-offs over all history."""
    lately = moment.calendar.lately(moment.as_of)
    if lately is None or not moment.recorded or moment.policy.rfm.rfm_days is not None:
        return None
    taken, marks = moment.calendar.marks
    return Scale(numbers(moment, lately), moment.as_of, taken, marks, currency)


def numbers(moment: Moment, lately: Lately) -> dict[str, str]:
    """Return the numbers that outcomes are judged by, as literals: no text of anybody's is among them."""
    policy, quintiles = moment.policy, moment.cutoffs.daily.quintiles
    ranked = quintiles.customers >= policy.rfm.least_customers
    found: dict[str, int | bool | datetime] = {
        "policy_version": moment.policy_version,
        "today": moment.today,
        "beginning": lately.beginning,
        "since": lately.since or ALWAYS,
        "monday": lately.monday,
        "before_until": lately.before_until,
        "ranked": ranked,
        "labelled": ranked and quintiles.spread,
        "gap": moment.cutoffs.daily.typical_gap,
        **lines_of(lately.lines, ("top_1", "top_10", "top_30", "big"), policy),
        **lines_of(lately.before, ("before_1", "before_10", "before_30", "before_big"), policy),
        **edges_of(quintiles.recency, "r"),
        **edges_of(quintiles.frequency, "f"),
        **edges_of(quintiles.monetary, "m"),
        **rules_of(policy),
    }
    return {name: literal(value) for name, value in found.items()}


def literal(value: int | bool | datetime) -> str:
    """Return a number, a truth or an instant as SQL."""
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value.isoformat()}'"
    return str(value).lower() if isinstance(value, bool) else f"{int(value)}::bigint"


def lines_of(lines: Lines, names: tuple[str, str, str, str], policy: Policy) -> dict[str, int]:
    """Return tier lines and the smallest big order; without customers nobody reaches a line."""
    big = lines.big_order(policy.tier.big_order)
    values = (lines.top_1, lines.top_10, lines.top_30) if lines.customers else (NEVER,) * 3
    return dict(zip(names, (*values, NEVER if big is None else big), strict=True))


def edges_of(metric: Metric, letter: str) -> dict[str, int]:
    """Return the edges of a metric; where nobody has a score, nobody reaches it."""
    return {f"{letter}{score}": NEVER if edge is None else edge for score, edge in enumerate(metric.edges, 2)}


def rules_of(policy: Policy) -> dict[str, int]:
    """Return the numbers of the rules of tier, rhythm, class and churn."""
    rhythm, churn = policy.rhythm, policy.churn
    return {
        "tenths": policy.tier.revenue_points * TENTH,
        "gaps": rhythm.typical_gaps,
        "shortest": rhythm.shortest_gap,
        "lapsed": policy.customer_class.lapsed_ratio,
        "rhythm": policy.customer_class.rhythm_points,
        "overdue": churn.overdue_points,
        "most": churn.most_points,
        "spend_least": churn.spend_least_purchases,
        "spend_factor": churn.spend_factor,
    }
