"""All scores of one customer together."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.scoring.evaluation.rules import KINDS, Moment, checkpoint, evaluate, moment_of, outlooks
from services.scoring.facts.rules import Contact, History, Purchase, Subject
from services.scoring.holding.rules import Calendar
from services.scoring.policies.rules import DEFAULT, RfmRules
from tests.scoring.example import AS_OF, CUSTOMERS, RATES, TODAY, ZONE, id_of
from tests.scoring.reference import evaluate_all

RESULTS = evaluate_all(CUSTOMERS, AS_OF, ZONE, RATES)
MOMENT: Moment = RESULTS["C01"][1]
NOBODY = Subject(id_of("nobody"), "person", History())


def bought(*ages: int) -> History:
    """Return orders of 1,000 by age."""
    return History(Purchase(UUID(int=age), AS_OF - timedelta(days=age), TODAY - age, 100_000) for age in ages)


@pytest.mark.parametrize("reason", ["do_not_pursue", "internal", "merged", "deleted", "erased"])
def test_who_is_in_no_population_has_no_score_but_the_reason(reason: str) -> None:
    found = evaluate(replace(NOBODY, history=bought(1), excluded=reason), MOMENT)
    assert {(score.value, score.points, score.codes) for score in found.scores.values()} == {(None, None, (reason,))}
    assert outlooks(NOBODY, MOMENT, found) == dict.fromkeys(KINDS)


def test_missing_rates_stand_in_every_score() -> None:
    found = evaluate(replace(NOBODY, history=bought(1), missing=("rate USD 2026-03-15",)), MOMENT)
    assert all(score.missing == ("rate USD 2026-03-15",) for score in found.scores.values())
    nothing = evaluate(replace(NOBODY, missing=("rate USD 2026-03-15",)), MOMENT)
    assert nothing.scores["value_tier"].missing == ("counting order", "rate USD 2026-03-15")


def test_private_orders_are_scored_even_if_an_account_was_bought_for() -> None:
    found = evaluate(replace(NOBODY, history=bought(1), scored_as=id_of("A13")), MOMENT)
    assert found.scores["value_tier"].scored_as is None
    assert found.scores["value_tier"].value is not None


def test_contacts_signs_and_reps_reach_class_and_churn() -> None:
    subject = replace(NOBODY, history=bought(20), contacts=(Contact(TODAY - 5),), left_reps=("r",))
    scores = evaluate(subject, MOMENT).scores
    assert scores["customer_class"].codes == ("early_repeat", "purchases")
    assert "rep_left" in scores["churn_risk"].codes


def test_news_matter_for_accounts_only() -> None:
    subject = replace(NOBODY, history=bought(20), first_contact_day=TODAY - 500)
    assert "no_news_shared" not in evaluate(subject, MOMENT).scores["churn_risk"].codes
    account = replace(subject, customer_type="account")
    assert "no_news_shared" in evaluate(account, MOMENT).scores["churn_risk"].codes


def test_rfm_can_look_at_a_window() -> None:
    moment = replace(MOMENT, policy=DEFAULT.model_copy(update={"rfm": RfmRules(rfm_days=30)}))
    recent = evaluate(replace(NOBODY, history=bought(5, 100)), moment).scores["rfm"]
    assert recent.confidence["n"] == 1
    assert evaluate(replace(NOBODY, history=bought(31)), moment).scores["rfm"].missing == ("counting order",)


def test_a_wish_for_a_rep_in_the_future_waits() -> None:
    asked = replace(NOBODY, history=bought(5), designated_at=AS_OF + timedelta(seconds=1))
    assert evaluate(asked, MOMENT).scores["value_tier"].value == "bronze"
    now = replace(asked, designated_at=AS_OF)
    assert evaluate(now, MOMENT).scores["value_tier"].value == "gold"


def test_data_warnings_are_shown() -> None:
    found = evaluate(replace(NOBODY, history=bought(5), warnings=("over_refund x",)), MOMENT)
    assert found.scores["value_tier"].detail["data_warnings"] == ["over_refund x"]


def test_a_moment_knows_its_local_day_and_leads_to_others() -> None:
    moment = moment_of(AS_OF, ZONE, DEFAULT, MOMENT.cutoffs, MOMENT.calendar)
    assert moment.today == TODAY
    assert moment.at(AS_OF, ZONE) is moment
    later = moment.at(AS_OF + timedelta(days=3), ZONE)
    assert (later.today, later.cutoffs) == (TODAY + 3, moment.cutoffs)


def test_a_later_evaluation_goes_on_from_the_state_of_an_earlier_one() -> None:
    recorded = Calendar(ZONE, [(AS_OF - timedelta(days=30), MOMENT.cutoffs.lines)])
    moment = replace(MOMENT, calendar=recorded)
    subject = replace(NOBODY, history=bought(1, 40))
    first = evaluate(subject, moment)
    assert first.held is not None
    start = checkpoint(subject, moment, first.held)
    later = moment.at(AS_OF + timedelta(days=1), ZONE)
    assert evaluate(subject, later, start) == evaluate(subject, later)
