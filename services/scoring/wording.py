"""The words of scores: reasons, steps and threats in the reader's language, money and dates made of stored numbers."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.kit.money import Money
from services.kit.texts import Catalogue
from services.scoring.ledger.rules import DAY, MINOR

CATALOGUE = Catalogue("services.scoring")
LABELS = frozenset({"tier", "entry"})
"""Parameters whose value is a label that has words of its own."""


def shown(values: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Return stored values as clients see them: `x_minor` becomes the money `x`, `x_day` the date `x`."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name.endswith(MINOR):
            found[name.removesuffix(MINOR)] = None if value is None else money(value, currency)
        elif name.endswith(DAY):
            found[name.removesuffix(DAY)] = date.fromordinal(value).isoformat()
        else:
            found[name] = value
    return found


def words(code: str, values: Mapping[str, Any], currency: str, locale: str) -> str:
    """Return the words of a code with stored values in them."""
    typed = {
        name.removesuffix(DAY): {"date": date.fromordinal(value).isoformat()}
        for name, value in values.items()
        if name.endswith(DAY)
    }
    labels = {name: CATALOGUE.render(f"label.{values[name]}", {}, locale) for name in LABELS & values.keys()}
    return CATALOGUE.render(code, shown(values, currency) | typed | labels, locale)


def reason_words(kind: str, code: str, values: Mapping[str, Any], currency: str, locale: str) -> str:
    """Return the words of a reason; some are the same for every kind of score."""
    own = f"{kind}.{code}"
    return words(own if own in CATALOGUE.codes else f"score.{code}", values, currency, locale)


def money(minor: int, currency: str) -> dict[str, str]:
    """Return money as it stands in answers."""
    found = Money.of_minor(minor, currency)
    return {"amount": found.amount, "currency": found.currency}
