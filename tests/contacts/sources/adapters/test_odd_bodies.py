"""Whatever stands in a well signed body: it is read or called malformed, nothing else."""

import json
from collections.abc import Callable
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.contacts.identities.rules import add_fact, empty_person, keys_of
from services.contacts.orders.rules import OrderState, columns_of, merge
from services.contacts.sources.adapters.base import Adapter, Context, Malformed
from services.contacts.sources.adapters.shopify import ORDER_TOPICS, READERS, Shopify
from services.contacts.sources.adapters.woocommerce import TOPICS, WooCommerce
from services.kit.database import encode_json
from tests.samples.deliveries import HERE

CONTEXT = Context(UUID(int=1), "shop", "TW")
BODIES = {
    platform: [json.loads(path.read_bytes()) for path in sorted((HERE / platform).glob("*.json"))]
    for platform in ("shopify", "woocommerce")
}
ODD: st.SearchStrategy[object] = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        10**18,
        1.5,
        float(10**300),
        "",
        "x",
        "NaN",
        "\x00",
        "٣",
        "9" * 60,
        "1e99",
        [],
        [None],
        [[]],
        {},
        {"a": []},
    ]
)


def spoil(content: object, where: Callable[[int], int], value: object) -> object:
    """Return the content with one value, somewhere, replaced."""
    if isinstance(content, dict) and content and where(5):
        keys = list(content)
        key = keys[where(len(keys) - 1)]
        return {**content, key: spoil(content[key], where, value)}
    if isinstance(content, list) and content and where(5):
        place = where(len(content) - 1)
        return [*content[:place], spoil(content[place], where, value), *content[place + 1 :]]
    return value


def survives(adapter: Adapter, topic: str, body: bytes) -> None:
    headers = {"x-wc-webhook-delivery-id": "d"}
    adapter.envelope(headers, body)
    try:
        found = adapter.read(topic, headers, body, CONTEXT)
    except Malformed:
        return
    for person in (found.person, found.order and found.order.buyer):
        if person:
            state = empty_person()
            add_fact(state, person)
            encode_json([state.values, state.emails, state.phones, state.addresses, state.tags])
            assert "\x00" not in "".join(key.value for key in keys_of(person).all)
    if found.order and found.order.core:
        columns = columns_of(merge(OrderState(), found.order))
        assert "\\u0000" not in encode_json([columns["items"], columns["refunds"], columns["merge_state"]])


@given(st.data(), st.sampled_from(BODIES["shopify"]), st.sampled_from(sorted(ORDER_TOPICS | set(READERS))), ODD)
def test_shopify(data: st.DataObject, content: object, topic: str, value: object) -> None:
    spoiled = spoil(content, lambda most: data.draw(st.integers(0, most)), value)
    survives(Shopify(), topic, json.dumps(spoiled).encode())


@given(st.data(), st.sampled_from(BODIES["woocommerce"]), st.sampled_from(sorted(TOPICS)), ODD)
def test_woocommerce(data: st.DataObject, content: object, topic: str, value: object) -> None:
    spoiled = spoil(content, lambda most: data.draw(st.integers(0, most)), value)
    survives(WooCommerce(), topic, json.dumps(spoiled).encode())


@given(st.binary(max_size=60))
def test_any_bytes(body: bytes) -> None:
    survives(Shopify(), "orders/create", body)
    survives(WooCommerce(), "order.updated", body)
