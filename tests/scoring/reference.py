"""The pure rules over a whole population at once: what the service must arrive at, however it gets there."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.scoring.classes.rules import Separation
from services.scoring.cutoffs.rules import Cutoffs, Daily, closed_months
from services.scoring.evaluation.rules import Evaluation, Moment, evaluate
from services.scoring.facts.rules import (
    Contact,
    History,
    Order,
    Purchase,
    Rates,
    Subject,
    is_open_unpaid,
    local_day,
    worth,
)
from services.scoring.holding.rules import Calendar
from services.scoring.policies.rules import DEFAULT, Policy
from services.scoring.rfm.rules import Habits, quintiles_of
from services.scoring.rhythm.rules import own_gap, typical_gap
from services.scoring.tiers.rules import Lines, average_base, lines_of
from tests.scoring.example import Customer, id_of


class Known(NamedTuple):
    """What a customer's orders say at a time."""

    history: History
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    waiting: tuple[Contact, ...]


def history_of(
    orders: Iterable[Order], as_of: datetime, zone: ZoneInfo, rates: Rates, policy: Policy = DEFAULT
) -> Known:
    """Return what a customer's orders say at a time."""
    worths = [(order, worth(order, as_of, zone, rates, policy.revenue_basis)) for order in orders]
    purchases = [
        Purchase(order.order_id, order.placed_at, found.day, found.net_minor)
        for order, found in worths
        if found.counts and found.net_minor is not None
    ]
    missing = {found.missing_rate for _, found in worths if found.missing_rate}
    warnings = {f"over_refund {order.order_id}" for order, found in worths if found.over_refunded}
    waiting = (
        Contact(found.day, {"order_id": str(order.order_id)}) for order, found in worths if is_open_unpaid(order, as_of)
    )
    return Known(History(purchases), tuple(sorted(missing)), tuple(sorted(warnings)), tuple(waiting))


def cutoffs_of(histories: Sequence[History], today: int, policy: Policy = DEFAULT) -> Cutoffs:
    """Return the cut-offs of a population on a day."""
    return Cutoffs(lines_on(histories, today, policy), daily_on(histories, today, policy))


def lines_on(histories: Sequence[History], today: int, policy: Policy = DEFAULT) -> Lines:
    """Return the tier lines of a population on a day."""
    first, last = closed_months(today, policy.tier.average_order_months)
    orders = [purchase for history in histories for purchase in history.purchases if purchase.net_minor > 0]
    closed = [purchase.net_minor for purchase in orders if first <= purchase.day <= last]
    year = [purchase.net_minor for purchase in orders if purchase.day > today - policy.year_days]
    base = average_base((len(closed), sum(closed)), (len(year), sum(year)), policy.tier)
    return lines_of([history.revenue(today, policy.year_days) for history in histories], base, policy.tier)


def daily_on(histories: Sequence[History], today: int, policy: Policy = DEFAULT) -> Daily:
    """Return the daily cut-offs of a population on a day."""
    bought = [history for history in histories if len(history)]
    repeated = [history for history in bought if history.n > 1]
    gaps = [own_gap(history.purchase_days[0], history.purchase_days[-1], history.n) for history in repeated]
    settled = [
        history
        for history in bought
        if history.n == 1 and today - history.days[0] >= policy.customer_class.provisional_days
    ]
    habits = [Habits(history.days[-1], len(history), history.total_minor) for history in bought]
    separation = Separation(len(repeated), len(settled), sum(history.n - 1 for history in bought))
    return Daily(typical_gap(gaps, policy.rhythm), quintiles_of(habits), separation)


def evaluate_all(
    customers: Sequence[Customer], as_of: datetime, zone: ZoneInfo, rates: Rates, policy: Policy = DEFAULT
) -> dict[str, tuple[Evaluation, Moment, Subject]]:
    """Return the evaluation of every customer, each population with its own cut-offs, as a first evaluation."""
    today = local_day(as_of, zone)
    results = {}
    for kind in ("person", "account"):
        members = [customer for customer in customers if customer.kind == kind]
        known = {customer.name: history_of(customer.orders, as_of, zone, rates, policy) for customer in members}
        cutoffs = cutoffs_of([one.history for one in known.values()], today, policy)
        moment = Moment(as_of, today, policy, cutoffs, Calendar(zone))
        for customer in members:
            subject = subject_of(customer, known[customer.name])
            results[customer.name] = (evaluate(subject, moment), moment, subject)
    return results


def subject_of(customer: Customer, known: Known) -> Subject:
    """Return a customer of the example as the rules see him or her."""
    return Subject(
        customer_id=id_of(customer.name),
        customer_type=customer.kind,
        history=known.history,
        designated_at=customer.designated_at,
        missing=known.missing,
        warnings=known.warnings,
        contacts=known.waiting,
        answer=customer.answer,
    )
