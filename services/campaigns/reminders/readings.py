"""How a reminder reads: its row as clients see it, with the words in their language."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import UUID

from services.campaigns.customers.schemas import CustomerSummary
from services.campaigns.pressure.rules import zone_of
from services.campaigns.reminders.schemas import CompletionRead, ReminderRead
from services.campaigns.wording import WORDS
from services.kit.texts import Text
from services.kit.web.schemas import Ref

if TYPE_CHECKING:
    import asyncpg

TIMES = {"placed_at": "placed_on", "last_contact_at": "last_contact_on", "last_order_at": "last_order_on"}
"""Instants among the facts, and the local days that stand for them in a text."""

LABELS = {"value_tier": ("tier", "tier"), "churn_risk": ("churn", "churn")}
"""Labels among the facts: the parameter that names them, and where their words stand."""


NOBODY: Mapping[UUID, CustomerSummary] = MappingProxyType({})


def shown(row: "asyncpg.Record", locale: str, summaries: Mapping[UUID, CustomerSummary] = NOBODY) -> ReminderRead:
    """Return a reminder as clients see it."""
    values = dict(row)
    zone = values["zone"]
    return ReminderRead.model_validate(
        values
        | {
            "customer": Ref(id=row["customer_id"], type=row["customer_type"], display_name=row["customer_name"]),
            "customer_summary": summaries.get(row["customer_id"]),
            "rep": named(row["rep_id"], "rep"),
            "reason": reason(row["rule"], row["facts"], zone, locale),
            "also": [reason(one["rule"], one["facts"], zone, locale) for one in row["also"]],
            "facts": facts(row),
            "suggestion": suggestion(row["form"], row["channel"], locale),
            "merged_into_id": row["merged_into"],
            "merged_into": named(row["merged_into"], "reminder"),
            "completion": completion(row) if row["status"] == "done" else None,
        }
    )


def named(thing: Any, kind: str) -> Ref | None:  # noqa: ANN401 - an id or None
    """Return a reference whose name is filled on the way out."""
    return Ref(id=thing, type=kind, display_name=None) if thing else None


def facts(row: "asyncpg.Record") -> dict[str, Any]:
    """Return the facts that the reason rests on."""
    order_id = row["order_id"]
    return {**row["facts"], **({"order_id": str(order_id)} if order_id else {})}


def completion(row: "asyncpg.Record") -> CompletionRead:
    """Return what came of a completed reminder."""
    return CompletionRead(
        outcome=row["outcome"],
        summary=row["summary"],
        channel=row["contacted_through"],
        occurred_at=row["contacted_at"],
        interaction_id=row["interaction_id"],
        interaction=named(row["interaction_id"], "interaction"),
    )


def reason(rule: str, known: Mapping[str, Any], zone: str | None, locale: str) -> Text:
    """Return why a reminder was opened."""
    code = "tier_rhythm_never" if rule == "tier_rhythm" and known.get("last_contact_at") is None else rule
    where = zone_of(zone)
    params: dict[str, Any] = {name: value for name, value in known.items() if name not in TIMES}
    for name, day in TIMES.items():
        if known.get(name):
            params[day] = {"date": datetime.fromisoformat(known[name]).astimezone(where).date().isoformat()}
    words = {
        name: WORDS.render(f"{group}.{known[fact]}", {}, locale)
        for fact, (name, group) in LABELS.items()
        if known.get(fact)
    }
    return Text(code=code, params=params, text=WORDS.render(code, params | words, locale))


def suggestion(form: str, channel: str, locale: str) -> Text:
    """Return what the rep might do."""
    code, params = f"suggest_{form}", {"channel": channel}
    words = {"channel": WORDS.render(f"channel.{channel}", {}, locale)}
    return Text(code=code, params=params, text=WORDS.render(code, words, locale))
