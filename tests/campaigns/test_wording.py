"""The words of campaigns: complete in every shipped language."""

import pytest

from services.campaigns.care_rules.rules import RULES
from services.campaigns.customers.rules import TIERS
from services.campaigns.reminders.readings import reason, suggestion
from services.campaigns.reminders.rules import CHURN_WEIGHT, FORMS, KEY_FORMS, WRITTEN
from services.campaigns.wording import WORDS
from services.kit.texts import SHIPPED

FACTS = {
    "placed_at": "2026-11-22T08:00:00+00:00",
    "last_order_at": "2026-08-22T08:00:00+00:00",
    "last_contact_at": "2026-10-22T08:00:00+00:00",
    "days": 14,
    "value_tier": "gold",
    "churn_risk": "warn",
}


@pytest.mark.parametrize("locale", SHIPPED)
def test_no_language_lacks_a_word(locale: str) -> None:
    assert WORDS.missing(locale) == frozenset()


def test_everything_that_is_said_has_words() -> None:
    codes = {f"tier.{tier}" for tier in TIERS} | {f"churn.{level}" for level in CHURN_WEIGHT}
    codes |= {f"channel.{channel}" for channel in WRITTEN} | {f"care_rule.{code}" for code in RULES} | set(RULES)
    codes |= {f"suggest_{form.code}" for forms in (*FORMS.values(), *KEY_FORMS.values()) for form in forms}
    assert codes <= WORDS.codes


@pytest.mark.parametrize("locale", SHIPPED)
@pytest.mark.parametrize("rule", list(RULES))
def test_no_reason_has_a_gap(rule: str, locale: str) -> None:
    for facts in (FACTS, FACTS | {"last_contact_at": None}):
        text = reason(rule, facts, "Asia/Taipei", locale).text
        assert "–" not in text
        assert "{" not in text


def test_labels_and_channels_are_told_in_words() -> None:
    assert "金級" in reason("tier_rhythm", FACTS, None, "zh-Hant").text
    assert "簡訊" in suggestion("note", "sms", "zh-Hant").text
    assert reason("silence", FACTS, None, "en").params["churn_risk"] == "warn"
