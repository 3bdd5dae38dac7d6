"""The grammar of conditions (S025, S215)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.customers.rules import (
    FIELDS,
    MAX_DEPTH,
    MAX_NODES,
    OPS,
    Group,
    Kind,
    Misfit,
    Test,
    fields_in,
    read_tree,
)
from services.kit.money import Money

REP = "01234567-89ab-7def-8123-456789abcdef"


def one(field: str, op: str, value: object) -> dict[str, object]:
    return {"field": field, "op": op, "value": value}


@pytest.mark.parametrize(
    ("tree", "value"),
    [
        (one("type", "eq", "person"), "person"),
        (one("display_name", "in", ["Lin", "林"]), ("Lin", "林")),
        (one("tags", "has_any", ["vip"]), ("vip",)),
        (one("owner_rep_id", "eq", REP), UUID(REP)),
        (one("owner_rep_id", "eq", "me"), "me"),
        (one("orders_count", "gte", 3), Decimal(3)),
        (one("overdue_ratio", "between", ["1.5", 3]), (Decimal("1.5"), Decimal(3))),
        (
            one("net_revenue", "gt", {"amount": "100.00", "currency": "TWD"}),
            Money(amount="100.00", currency="TWD"),
        ),
        (one("last_order_at", "lt", "2026-11-22T08:00:00+08:00"), datetime(2026, 11, 22, tzinfo=UTC)),
        (one("last_order_at", "within", "P30D"), timedelta(days=30)),
        (one("last_contact_at", "is_null", value=True), True),
        (one("do_not_contact", "eq", value=False), False),
        (one("scores.value_tier", "not_in", ["gold"]), ("gold",)),
    ],
)
def test_a_condition_that_fits_is_read_with_a_typed_value(tree: dict[str, object], value: object) -> None:
    assert read_tree(tree) == Test(str(tree["field"]), str(tree["op"]), value)


@pytest.mark.parametrize(
    ("tree", "path", "code"),
    [
        (one("shoe_size", "eq", 1), ("field",), "unknown_field"),
        (one("tags", "eq", "vip"), ("op",), "unknown_operator"),
        (one("type", "gt", "person"), ("op",), "unknown_operator"),
        (one("type", "eq", "dog"), ("value",), "wrong_value"),
        (one("type", "eq", 1), ("value",), "wrong_value"),
        (one("type", "in", []), ("value",), "wrong_value"),
        (one("type", "in", "person"), ("value",), "wrong_value"),
        (one("region", "eq", "x" * 256), ("value",), "wrong_value"),
        (one("region", "in", ["x"] * 201), ("value",), "wrong_value"),
        (one("orders_count", "eq", value=True), ("value",), "wrong_value"),
        (one("orders_count", "eq", "many"), ("value",), "wrong_value"),
        (one("orders_count", "eq", "1e99"), ("value",), "wrong_value"),
        (one("orders_count", "eq", "NaN"), ("value",), "wrong_value"),
        (one("orders_count", "between", [1]), ("value",), "wrong_value"),
        (one("net_revenue", "gt", "100"), ("value",), "wrong_value"),
        (one("net_revenue", "gt", {"amount": "1.123", "currency": "TWD"}), ("value",), "wrong_value"),
        (one("last_order_at", "lt", "2026-11-22T08:00:00"), ("value",), "wrong_value"),
        (one("last_order_at", "lt", "soon"), ("value",), "wrong_value"),
        (one("last_order_at", "lt", "0001-01-01T00:00:00Z"), ("value",), "wrong_value"),
        (one("last_order_at", "lt", 5), ("value",), "wrong_value"),
        (one("last_order_at", "within", "30 days"), ("value",), "wrong_value"),
        (one("last_order_at", "within", "P99999D"), ("value",), "wrong_value"),
        (one("last_order_at", "is_null", 1), ("value",), "wrong_value"),
        (one("owner_rep_id", "eq", "somebody"), ("value",), "wrong_value"),
        (
            {"all": [one("type", "eq", "person"), {"any": [one("x", "eq", 1)]}]},
            ("all", 1, "any", 0, "field"),
            "unknown_field",
        ),
    ],
)
def test_a_condition_that_does_not_fit_is_named_by_its_place(
    tree: dict[str, object], path: tuple[object, ...], code: str
) -> None:
    with pytest.raises(Misfit) as caught:
        read_tree(tree)
    assert (caught.value.path, caught.value.code) == (path, code)


def test_the_place_begins_where_the_tree_stands() -> None:
    with pytest.raises(Misfit) as caught:
        read_tree(one("x", "eq", 1), ("rule",))
    assert caught.value.path == ("rule", "field")


def nested(depth: int) -> dict[str, Any]:
    tree: dict[str, Any] = one("type", "eq", "person")
    for _ in range(depth - 1):
        tree = {"all": [tree]}
    return tree


def test_trees_are_bounded_in_depth_and_size() -> None:
    assert fields_in(read_tree(nested(MAX_DEPTH))) == {"type"}
    with pytest.raises(Misfit, match="deep"):
        read_tree(nested(MAX_DEPTH + 1))
    leaf = one("type", "eq", "person")
    assert fields_in(read_tree({"any": [leaf] * (MAX_NODES - 1)})) == {"type"}
    with pytest.raises(Misfit, match="at most"):
        read_tree({"any": [leaf] * MAX_NODES})


def test_all_fields_of_a_tree_are_found() -> None:
    tree = read_tree({"none": [one("type", "eq", "person"), {"any": [one("region", "eq", "TW")]}]})
    assert isinstance(tree, Group)
    assert fields_in(tree) == {"type", "region"}


VALUES = {
    Kind.TEXT: "x",
    Kind.NUMBER: 1,
    Kind.MONEY: {"amount": "1", "currency": "TWD"},
    Kind.TIME: "2026-11-22T08:00:00Z",
    Kind.FLAG: True,
    Kind.REP: "me",
    Kind.TAGS: "vip",
}


@given(st.sampled_from(sorted((name, op) for name, field in FIELDS.items() for op in OPS[field.kind])))
def test_every_operator_of_every_field_can_be_used(pair: tuple[str, str]) -> None:
    name, op = pair
    field = FIELDS[name]
    single = field.choices[0] if field.choices else VALUES[field.kind]
    several = {"in": [single], "not_in": [single], "between": [single, single], "is_null": False, "within": "P1D"}
    several |= {"older_than": "P1D", "has_any": [single], "has_all": [single], "has_none": [single]}
    assert fields_in(read_tree(one(name, op, several.get(op, single)))) == {name}
