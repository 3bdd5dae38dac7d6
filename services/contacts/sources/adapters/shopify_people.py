"""Shopify's customers: the resource itself, the one inside an order, and merges of two."""

from datetime import datetime
from typing import Any

from services.contacts.identities.facts import AccountFact, Address, ExternalId, PersonFact
from services.contacts.people.rules import display_name
from services.contacts.sources.adapters import fields
from services.contacts.sources.adapters.base import Context, Malformed, Names, Reading
from services.contacts.sources.adapters.fields import Json


def read_customer(content: Json, context: Context) -> Reading:
    """Return what a customer resource says about a person."""
    external_id = fields.identifier(content.get("id"), "id")
    at = fields.instant(content.get("updated_at") or content.get("created_at"), "updated_at")
    home = fields.part(content.get("default_address"))
    person = PersonFact(
        at=at,
        source=context.source,
        external_ids=(ExternalId(context.source, external_id),),
        emails=texts(content.get("email")),
        phones=texts(content.get("phone"), home.get("phone")),
        default_region=country(home) or context.default_region,
        locale=fields.text(content.get("locale"), 35),
        region=country(home),
        addresses=addresses(home=home),
        tags=fields.words(content.get("tags")),
        **names(content, home),
    )
    return Reading(external_id, person=person)


def read_customer_merge(content: Json, context: Context) -> Reading:
    """Return the fact that two customers of the shop are one person; a failed merge says nothing."""
    kept = graph_id(content.get("admin_graphql_api_customer_kept_id"))
    gone = graph_id(content.get("admin_graphql_api_customer_deleted_id"))
    if kept is None or gone is None:
        raise Malformed("no_id", "The merge names no two customers.")
    if fields.text(content.get("status")) not in {"completed", "success", "successful", None}:
        return Reading(kept, outcome="merge_not_completed")
    ids = tuple(ExternalId(context.source, found) for found in (kept, gone))
    return Reading(kept, person=PersonFact(at=EPOCH, source=context.source, external_ids=ids))


EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
"""A merge states no field of the person, so its time decides nothing."""


def buyer_of(order: Json, context: Context, placed_at: datetime, updated_at: datetime) -> PersonFact:
    """Return what an order says about its buyer; without id, address and number he or she stays anonymous.

    The telephone of the shipping address is left out: a gift is delivered to somebody else.
    """
    customer = fields.part(order.get("customer"))
    billing = fields.part(order.get("billing_address"))
    shipping = fields.part(order.get("shipping_address"))
    external_id = fields.optional_id(customer.get("id"))
    region = country(billing) or country(fields.part(customer.get("default_address")))
    return PersonFact(
        at=updated_at if customer else placed_at,
        source=context.source,
        external_ids=(ExternalId(context.source, external_id),) if external_id else (),
        emails=texts(customer.get("email"), order.get("email"), order.get("contact_email")),
        phones=texts(customer.get("phone"), order.get("phone"), billing.get("phone")),
        default_region=region or context.default_region,
        locale=fields.text(order.get("customer_locale"), 35),
        region=region,
        addresses=addresses(billing=billing, shipping=shipping),
        tags=fields.words(customer.get("tags")),
        **names(customer, billing),
    )


def company_of(order: Json, context: Context, updated_at: datetime) -> AccountFact | None:
    """Return the organisation that Shopify itself names as the buyer's company."""
    external_id = fields.optional_id(fields.part(order.get("company")).get("id"))
    if external_id is None:
        return None
    name = fields.text(fields.part(order.get("billing_address")).get("company"))
    return AccountFact(updated_at, context.source, ExternalId(context.source, external_id), name)


def names(person: Json, address: Json) -> Names:
    """Return the name of a person: his or her own, else the one on the address."""
    for holder in (person, address):
        given, family = fields.text(holder.get("first_name")), fields.text(holder.get("last_name"))
        if given or family:
            return {"given_name": given, "family_name": family, "display_name": display_name(given, family)}
    return {"display_name": fields.text(address.get("name"))}


def addresses(**kinds: Json) -> tuple[Address, ...]:
    """Return the addresses that say anything, by kind."""
    found = (address_of(kind, address) for kind, address in kinds.items())
    return tuple(address for address in found if address.lines or address.city)


def address_of(kind: str, address: Json) -> Address:
    """Return a postal address."""
    return Address(
        kind=kind,
        name=fields.text(address.get("name")),
        company=fields.text(address.get("company")),
        lines=texts(address.get("address1"), address.get("address2")),
        city=fields.text(address.get("city")),
        region=fields.text(address.get("province")),
        postal_code=fields.text(address.get("zip"), 32),
        country=country(address),
    )


def country(address: Json) -> str | None:
    """Return the ISO 3166 country of an address."""
    code = fields.text(address.get("country_code"))
    return code.upper() if code and len(code) == 2 and code.isalpha() else None  # noqa: PLR2004 - alpha-2


def texts(*values: Any) -> tuple[str, ...]:  # noqa: ANN401 - any JSON values
    """Return the texts among values, each once, in their order."""
    return tuple(dict.fromkeys(found for value in values if (found := fields.text(value))))


def graph_id(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return the number at the end of a gid://shopify/Customer/1."""
    found = fields.text(value)
    return found.rpartition("/")[2] or None if found else None
