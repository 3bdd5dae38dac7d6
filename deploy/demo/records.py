"""How the shop's records are written as bodies of API requests."""

from typing import Any

from deploy.demo.model import ERP, Account, Interaction, Person, Rate, Rep
from deploy.demo.shop import CURRENCY, TIME_ZONE

Json = dict[str, Any]
Ids = dict[str, str]


def rep_body(rep: Rep) -> Json:
    """Return the body of `POST /v1/reps`."""
    return {"display_name": rep.name, "email": rep.email, "locale": rep.locale, "time_zone": TIME_ZONE}


def rate_body(rate: Rate) -> Json:
    """Return the body of `POST /v1/exchange-rates`."""
    return {"currency": "USD", "valid_from": rate.valid_from.isoformat(), "rate": rate.rate}


def account_body(account: Account, reps: Ids) -> Json:
    """Return the body of `POST /v1/accounts`."""
    body: Json = {
        "name": account.name,
        "domain": account.domain,
        "industry": account.industry,
        "region": account.region,
        "potential": {"total_market": _money(account.total_market), "not_serviceable": _money(account.not_serviceable)},
        "owner_rep_id": reps[account.rep],
        "external_ids": [{"source": ERP, "id": account.key}],
    }
    if account.asked_for_rep_at:
        body["designation"] = {"rep_id": reps[account.rep], "asked_at": account.asked_for_rep_at.isoformat()}
    return body


def person_body(person: Person, reps: Ids) -> Json:
    """Return the body of `POST /v1/people`."""
    body: Json = {
        "given_name": person.given,
        "family_name": person.family,
        "phonetic_name": person.latin,
        "emails": [{"address": person.email, "primary": True}] if person.email else [],
        "phones": [{"number": person.phone, "primary": True}] if person.phone else [],
        "addresses": [{"kind": "home", "city": person.city, "country": person.region}],
        "locale": person.locale,
        "region": person.region,
        "time_zone": person.time_zone,
        "tags": list(person.tags),
        "external_ids": [{"source": person.source, "id": person.key}],
    }
    if person.birthday:
        body["birthday"] = person.birthday
    if person.rep:
        body["owner_rep_id"] = reps[person.rep]
    if person.rep and person.asked_for_rep_at:
        body["designation"] = {"rep_id": reps[person.rep], "asked_at": person.asked_for_rep_at.isoformat()}
    return body


def interaction_body(one: Interaction, customer_id: str, reps: Ids) -> Json:
    """Return the body of `POST /v1/interactions`."""
    body: Json = {
        "customer_id": customer_id,
        "rep_id": reps[one.rep],
        "function": one.function,
        "channel": one.channel,
        "direction": one.direction,
        "occurred_at": one.occurred_at.isoformat(),
        "purpose": one.purpose,
        "summary": one.summary,
        "outcome": one.outcome,
    }
    if one.sentiment is not None:
        body["sentiment"] = one.sentiment
    if one.cost is not None:
        body["cost"] = _money(one.cost)
    return body


def _money(amount: int) -> Json:
    return {"amount": f"{amount}.00", "currency": CURRENCY}
