"""Condition trees as parametrised SQL over `audience a`."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.campaigns.customers.rules import FIELDS, Group, Kind, Test
from services.kit.web.lists import Where

COLUMNS = {name: f"a.{name}" for name in FIELDS if "." not in name and name not in {"net_revenue", "tags"}} | {
    "net_revenue": "a.net_revenue_minor",
    "scores.value_tier": "a.value_tier",
    "scores.customer_class": "a.customer_class",
    "scores.rfm": "a.rfm",
    "scores.churn_risk": "a.churn_risk",
    **{
        f"scores.{kind}.points": f"(a.scores->'{kind}'->>'points')::float8"
        for kind in ("value_tier", "customer_class", "rfm", "churn_risk")
    },
}
SIGNS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
TYPES = {Kind.TEXT: "text", Kind.CHOICE: "text", Kind.REP: "uuid", Kind.TIME: "timestamptz", Kind.FLAG: "boolean"}
JOINED = {"all": " AND ", "any": " OR "}
TAGGED = (
    "FROM audience_tags t WHERE t.workspace_id = a.workspace_id AND t.customer_id = a.customer_id"
    " AND t.tag = any({}::text[])"
)

RepOf = Callable[[UUID | str], UUID]


def compile_tree(tree: Group | Test, where: Where, now: datetime, rep_of: RepOf) -> Where:
    """Add a tree to a list's conditions. Whatever is unknown of a customer fits no test, and so fits `none`."""
    sql, args = compiled(tree, now, rep_of)
    return where.add(sql, *args)


def compiled(tree: Group | Test, now: datetime, rep_of: RepOf) -> tuple[str, list[object]]:
    """Return the SQL of a tree with `{}` in place of each argument."""
    if isinstance(tree, Test):
        return test_sql(tree, now, rep_of)
    parts = [compiled(part, now, rep_of) for part in tree.parts]
    args = [arg for _, more in parts for arg in more]
    if tree.how == "none":
        # Unknown is not true: without `IS TRUE` a customer of unknown tier would fit neither `any` nor `none`.
        return "(" + " AND ".join(f"({sql}) IS NOT TRUE" for sql, _ in parts) + ")", args
    return "(" + JOINED[tree.how].join(sql for sql, _ in parts) + ")", args


def test_sql(test: Test, now: datetime, rep_of: RepOf) -> tuple[str, list[object]]:
    """Return the SQL of one condition."""
    kind = FIELDS[test.field].kind
    if kind is Kind.TAGS:
        return tags_sql(test)
    column = COLUMNS[test.field]
    if test.op == "is_null":
        return f"{column} IS {'' if test.value else 'NOT '}NULL", []
    if test.op in {"within", "older_than"}:
        sign = ">" if test.op == "within" else "<="
        return f"{column} {sign} {{}}::timestamptz", [now - test.value]
    if kind is Kind.MONEY:
        return money_sql(test, column)
    typed = TYPES.get(kind, "float8")
    value = adapted(test.value, kind, rep_of)
    return compare(column, test.op, value, typed)


def compare(column: str, op: str, value: Any, typed: str) -> tuple[str, list[object]]:  # noqa: ANN401 - typed by the grammar
    """Return a comparison of a column with one or several values."""
    match op:
        case "in":
            return f"{column} = any({{}}::{typed}[])", [value]
        case "not_in":
            return f"({column} = any({{}}::{typed}[])) IS NOT TRUE", [value]
        case "ne":
            return f"{column} IS DISTINCT FROM {{}}::{typed}", [value]
        case "between":
            return f"{column} BETWEEN {{}}::{typed} AND {{}}::{typed}", list(value)
    return f"{column} {SIGNS[op]} {{}}::{typed}", [value]


def adapted(value: Any, kind: Kind, rep_of: RepOf) -> Any:  # noqa: ANN401 - typed by the grammar
    """Return a value, or several, as the driver takes them."""
    if isinstance(value, tuple):
        return [adapted(one, kind, rep_of) for one in value]
    if kind is Kind.REP:
        return rep_of(value)
    return float(value) if isinstance(value, Decimal) else value


def money_sql(test: Test, column: str) -> tuple[str, list[object]]:
    """Return a comparison of an amount; amounts in another currency never fit."""
    amounts = list(test.value) if test.op == "between" else [test.value]
    minor = [amount.minor for amount in amounts]
    sql, args = compare(column, test.op, minor if test.op == "between" else minor[0], "bigint")
    return f"(a.currency = all({{}}::text[]) AND {sql})", [[amount.currency for amount in amounts], *args]


def tags_sql(test: Test) -> tuple[str, list[object]]:
    """Return a condition on tags, which stand in a table of their own."""
    wanted = sorted(set(test.value))
    if test.op == "has_all":
        return f"(SELECT count(*) {TAGGED}) = {len(wanted)}", [wanted]
    return f"{'' if test.op == 'has_any' else 'NOT '}EXISTS (SELECT 1 {TAGGED})", [wanted]
