"""WooCommerce's customers: the resource itself, and the buyer of an order."""

from datetime import datetime

from services.contacts.identities.facts import Address, ExternalId, PersonFact
from services.contacts.people.rules import display_name
from services.contacts.sources.adapters import fields
from services.contacts.sources.adapters.base import Context, Names, Reading
from services.contacts.sources.adapters.fields import Json


def read_customer(content: Json, context: Context) -> Reading:
    """Return what a customer resource says about a person."""
    external_id = fields.identifier(content.get("id"), "id")
    billing = fields.part(content.get("billing"))
    changed = content.get("date_modified_gmt") or content.get("date_created_gmt")
    person = PersonFact(
        at=fields.instant(changed, "date_modified_gmt", naive_is_utc=True),
        source=context.source,
        external_ids=(ExternalId(context.source, external_id),),
        emails=texts(content.get("email"), billing.get("email")),
        phones=texts(billing.get("phone")),
        default_region=country(billing) or context.default_region,
        region=country(billing),
        addresses=addresses(content),
        **names(content, billing),
    )
    return Reading(external_id, person=person)


def buyer_of(order: Json, context: Context, placed_at: datetime) -> PersonFact:
    """Return what an order says about its buyer: the billing side, as it was when the order was placed.

    Customer 0 is a guest, who is known by address or number only.
    """
    billing = fields.part(order.get("billing"))
    external_id = fields.optional_id(order.get("customer_id"))
    return PersonFact(
        at=placed_at,
        source=context.source,
        external_ids=(ExternalId(context.source, external_id),) if external_id else (),
        emails=texts(billing.get("email")),
        phones=texts(billing.get("phone")),
        default_region=country(billing) or context.default_region,
        region=country(billing),
        addresses=addresses(order),
        **names(billing, {}),
    )


def names(person: Json, address: Json) -> Names:
    """Return the name of a person: his or her own, else the one on the address."""
    for holder in (person, address):
        given, family = fields.text(holder.get("first_name")), fields.text(holder.get("last_name"))
        if given or family:
            return {"given_name": given, "family_name": family, "display_name": display_name(given, family)}
    return {}


def addresses(holder: Json) -> tuple[Address, ...]:
    """Return billing and shipping address where they say anything."""
    found = [address_of(kind, fields.part(holder.get(kind))) for kind in ("billing", "shipping")]
    return tuple(address for address in found if address.lines or address.city)


def address_of(kind: str, address: Json) -> Address:
    """Return a postal address."""
    return Address(
        kind=kind,
        name=names(address, {}).get("display_name"),
        company=fields.text(address.get("company")),
        lines=texts(address.get("address_1"), address.get("address_2")),
        city=fields.text(address.get("city")),
        region=fields.text(address.get("state")),
        postal_code=fields.text(address.get("postcode"), 32),
        country=country(address),
    )


def country(address: Json) -> str | None:
    """Return the ISO 3166 country of an address."""
    code = fields.text(address.get("country"))
    return code.upper() if code and len(code) == 2 and code.isalpha() else None  # noqa: PLR2004 - alpha-2


def texts(*values: object) -> tuple[str, ...]:
    """Return the texts among values, each once, in their order."""
    return tuple(dict.fromkeys(found for value in values if (found := fields.text(value))))
