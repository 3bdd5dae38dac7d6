"""Uses the generated Python client on a running Kith: `python use_client.py URL KEY`; silent where all goes well."""

import sys
from http import HTTPStatus
from uuid import uuid4

from kith_client import AuthenticatedClient
from kith_client.api.customers import read_customer_360
from kith_client.api.orders import upsert_order
from kith_client.api.people import create_person, list_people, read_person, update_person
from kith_client.models import (
    Customer360Read,
    Money,
    OrderRead,
    OrderUpsert,
    PersonCreate,
    PersonPage,
    PersonRead,
    PersonUpdate,
    Problem,
)


def check(truth: object, what: str) -> None:
    """End with what is wrong where something is."""
    if not truth:
        sys.exit(what)


def use_people(client: AuthenticatedClient) -> PersonRead:
    """Create two people, change one, meet a conflict, and read the list page by page."""
    external_id = uuid4().hex
    body = PersonCreate.from_dict({"display_name": "Ann", "external_ids": [{"source": "import", "id": external_id}]})
    person = create_person.sync(client=client, body=body, idempotency_key=uuid4().hex)
    assert isinstance(person, PersonRead), person
    create_person.sync(client=client, body=PersonCreate(display_name="Bob"))

    again = create_person.sync_detailed(client=client, body=body)
    check(again.status_code == HTTPStatus.CONFLICT, f"a conflict is {again.status_code}")
    assert isinstance(again.parsed, Problem), again
    check(again.parsed["existing_id"] == str(person.id), "the conflict names the existing row")

    changed = update_person.sync(person.id, client=client, body=PersonUpdate(display_name="Anna"), if_match='"v1"')
    assert isinstance(changed, PersonRead), changed
    check(changed.display_name == "Anna", "the change is there")

    seen = []
    page = list_people.sync(client=client, limit=1)
    while isinstance(page, PersonPage):
        seen += [item.id for item in page.items]
        page = list_people.sync(client=client, limit=1, cursor=page.next_cursor) if page.next_cursor else None
    check(person.id in seen and len(seen) == len(set(seen)) >= len("ab"), f"the pages show everybody once: {seen}")
    return person


def use_orders(client: AuthenticatedClient, person: PersonRead) -> OrderRead:
    """Write an order twice under its own id."""
    body = OrderUpsert(customer_id=person.id, total=Money(amount="12.50", currency="USD"))
    external_id = f"a/b {uuid4().hex}"
    first = upsert_order.sync_detailed("import", external_id, client=client, body=body)
    second = upsert_order.sync_detailed("import", external_id, client=client, body=body)
    check(first.status_code == HTTPStatus.CREATED, f"a new order is {first.status_code}: {first.content!r}")
    check(second.status_code == HTTPStatus.OK, f"the same order again is {second.status_code}")
    assert isinstance(second.parsed, OrderRead), second
    check(second.parsed.total.amount == "12.50", "money is text")
    return second.parsed


def use_what_is_new(order: OrderRead) -> None:
    """Read an answer of a later release: an unknown value, an unknown field."""
    later = OrderRead.from_dict(order.to_dict() | {"status": "teleported", "colour": "red"})
    check(later.status == "teleported", "an unknown value is kept as it is")


def main(url: str, key: str) -> None:
    """Use everything once."""
    client = AuthenticatedClient(base_url=url, token=key)
    person = use_people(client)
    order = use_orders(client, person)
    use_what_is_new(order)
    view = read_customer_360.sync(person.id, client=client)
    assert isinstance(view, Customer360Read), view
    check(view.customer is not None, "the 360 shows the customer")
    missing = read_person.sync(uuid4(), client=client)
    assert isinstance(missing, Problem), missing
    check(missing.status == HTTPStatus.NOT_FOUND, "what never was is not found")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
