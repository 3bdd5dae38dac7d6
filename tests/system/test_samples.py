"""Every sample delivery is taken in: the project's own, and published real ones where the folder with them exists."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from tests.samples.deliveries import HERE, SHARED
from tests.system.client import Client, Json, eventually
from tests.system.shops import Shop

ENVELOPES = ("order", "refund", "customer")
TOPIC = re.compile(r"(?P<resource>[a-z]+)[-.](?P<event>[a-z_]+)")
EVENTS = {"legacy": "create", "exemplar": "create", "data": "data_request", "resource": "", "view": ""}
"""What a file's name leaves open; empty = nothing that is ever sent, or nothing that can be read."""
FILES = [
    file
    for folder in (HERE, SHARED)
    for platform in ("shopify", "woocommerce")
    for file in sorted(folder.glob(f"{platform}/*.json"))
]


def topic_of(file: Path) -> str:
    """Return the topic that a file is a sample of, as its name says; empty for what is never sent."""
    found = TOPIC.match(file.stem)
    assert found is not None
    event = EVENTS.get(found["event"], found["event"])
    if not event:
        return ""
    return f"{found['resource']}{'/' if file.parent.name == 'shopify' else '.'}{event}"


def body_of(file: Path) -> Json:
    """Return the body as it is sent: documents of the REST API wrap it once more."""
    found: Json = json.loads(file.read_text())
    (first, *others) = found
    return found[first] if first in ENVELOPES and not others else found


STATES = ("create", "created", "updated", "cancelled", "fulfilled", "restored")
"""Events of an order that come with all of it."""


def is_cleaned(file: Path) -> bool:
    """Tell whether somebody took every value out of a real payload, so that nothing in it can be read."""
    return b'"example string"' in file.read_bytes()


SENT = [file for file in FILES if topic_of(file)]
READABLE = [file for file in SENT if not is_cleaned(file)]
CLEANED = [file for file in SENT if is_cleaned(file)]
ORDERS = [file for file in READABLE if re.fullmatch(rf"orders?[/.]({'|'.join(STATES)})", topic_of(file))]


def name_of(file: Path) -> str:
    """Return a short name for the report."""
    return f"{file.parent.parent.name}/{file.parent.name}/{file.stem}"


@pytest.mark.parametrize("file", READABLE, ids=name_of)
async def test_it_is_accepted_and_never_fails(client: Client, file: Path) -> None:
    shop = await Shop.connect(client, file.parent.name)

    answer = await shop.deliver(topic_of(file), json.dumps(body_of(file)).encode())

    assert answer.status_code == 200
    assert answer.json()["status"] in {"accepted", "ignored"}
    delivery = await shop.delivery(answer.json()["delivery_id"])
    assert delivery["status"] in {"processed", "ignored", "parked"}, delivery


@pytest.mark.parametrize("file", CLEANED, ids=name_of)
async def test_what_cannot_be_read_is_kept_as_failed_with_its_reason(client: Client, file: Path) -> None:
    shop = await Shop.connect(client, file.parent.name)

    answer = await shop.deliver(topic_of(file), json.dumps(body_of(file)).encode())

    assert answer.status_code == 200
    delivery = await shop.delivery(answer.json()["delivery_id"])
    assert delivery["status"] == "failed"
    assert delivery["error"]


@pytest.mark.parametrize("file", ORDERS, ids=name_of)
async def test_its_order_is_there_with_its_total_and_its_customer(client: Client, file: Path) -> None:
    shop, body = await Shop.connect(client, file.parent.name), body_of(file)

    await shop.deliver(topic_of(file), json.dumps(body).encode())

    order = await shop.stored_order(str(body["id"]))
    assert Decimal(order["net"]["amount"]) == left_of(body)
    if not known_customer(body):
        assert order["customer_id"] is None
        return
    view = await client.get(f"/v1/customers/{order['customer_id']}/360")
    assert order["external_id"] in {one["external_id"] for one in view["orders"]["items"]}

    async def scored() -> Json | None:
        return await client.find(f"/v1/customers/{order['customer_id']}/scores")

    assert "value_tier" in (await eventually(scored, "the customer is scored"))["scores"]


def left_of(body: Json) -> Decimal:
    """Return what is left of an order after its refunds, in the shop's own words."""
    if "current_total_price" in body:
        return Decimal(body["current_total_price"])
    if "total_price" in body:
        return Decimal(body["total_price"])
    refunds = sum((Decimal(one["total"]) for one in body["refunds"]), Decimal(0))
    return Decimal(body["total"]) + refunds


def known_customer(body: Json) -> bool:
    """Tell whether the payload says anything by which its buyer can be recognised again."""
    buyer = body.get("customer") or {}
    billing = body.get("billing") or {}
    marks = (buyer.get("id"), body.get("customer_id"), body.get("email"), body.get("phone"), billing.get("email"))
    return any(marks)
