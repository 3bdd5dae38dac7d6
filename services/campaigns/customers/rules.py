"""The grammar of conditions on customers: fields with types, a closed set of operators, bounded trees. Pure.

Customer queries use it, and segments will: a tree is read once, checked against the fields, and only then compiled.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.kit.clock import YEARS
from services.kit.money import Money

MAX_DEPTH = 8
MAX_NODES = 200
MAX_VALUES = 200
MAX_TEXT = 255
LONGEST = timedelta(days=36_525)
LARGEST = Decimal(10**15)


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    CHOICE = "choice"
    NUMBER = "number"
    MONEY = "money"
    TIME = "time"
    FLAG = "flag"
    REP = "rep"
    TAGS = "tags"


ORDERED = frozenset({"eq", "ne", "gt", "gte", "lt", "lte", "between", "is_null"})
EQUAL = frozenset({"eq", "ne", "in", "not_in", "is_null"})
OPS: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        Kind.TEXT: EQUAL,
        Kind.CHOICE: EQUAL,
        Kind.REP: EQUAL,
        Kind.NUMBER: ORDERED,
        Kind.MONEY: ORDERED,
        Kind.TIME: frozenset({"gt", "gte", "lt", "lte", "between", "within", "older_than", "is_null"}),
        Kind.FLAG: frozenset({"eq"}),
        Kind.TAGS: frozenset({"has_any", "has_all", "has_none"}),
    }
)
LISTS = frozenset({"in", "not_in", "has_any", "has_all", "has_none"})


@dataclass(frozen=True, slots=True)
class Field:
    """A field that conditions may name."""

    kind: Kind
    scope: str
    """Who lacks it must not learn anything from the field, so may not use it either."""
    choices: tuple[str, ...] = ()


TIERS = ("diamond", "gold", "silver", "bronze")
CLASSES = ("steady", "one_time", "future", "lapsed")
SEGMENTS = (
    "champions",
    "loyal",
    "potential_loyal",
    "new",
    "promising",
    "needs_attention",
    "about_to_sleep",
    "at_risk",
    "cannot_lose",
    "hibernating",
    "lost",
)
CHURN = ("none", "watch", "warn", "likely_lost")
STAGES = ("lead", "prospect", "customer", "former")
CHANNELS = ("visit", "call", "email", "chat", "sms", "social", "event", "gift", "other")

PEOPLE, ORDERS, SCORES, CARE, TALKS = "people:read", "orders:read", "scores:read", "reminders:read", "interactions:read"
FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "type": Field(Kind.CHOICE, PEOPLE, ("person", "account")),
        "display_name": Field(Kind.TEXT, PEOPLE),
        "tags": Field(Kind.TAGS, PEOPLE),
        "lifecycle_stage": Field(Kind.CHOICE, PEOPLE, STAGES),
        "region": Field(Kind.TEXT, PEOPLE),
        "locale": Field(Kind.TEXT, PEOPLE),
        "time_zone": Field(Kind.TEXT, PEOPLE),
        "preferred_channel": Field(Kind.CHOICE, PEOPLE, CHANNELS),
        "owner_rep_id": Field(Kind.REP, PEOPLE),
        "designated_rep_id": Field(Kind.REP, PEOPLE),
        "do_not_contact": Field(Kind.FLAG, PEOPLE),
        "do_not_pursue": Field(Kind.FLAG, PEOPLE),
        "created_at": Field(Kind.TIME, PEOPLE),
        "net_revenue": Field(Kind.MONEY, ORDERS),
        "orders_count": Field(Kind.NUMBER, ORDERS),
        "purchase_days": Field(Kind.NUMBER, ORDERS),
        "first_order_at": Field(Kind.TIME, ORDERS),
        "last_order_at": Field(Kind.TIME, ORDERS),
        "last_contact_at": Field(Kind.TIME, TALKS),
        "open_reminders": Field(Kind.NUMBER, CARE),
        "next_reminder_at": Field(Kind.TIME, CARE),
        "overdue_ratio": Field(Kind.NUMBER, SCORES),
        "scores.value_tier": Field(Kind.CHOICE, SCORES, TIERS),
        "scores.value_tier.points": Field(Kind.NUMBER, SCORES),
        "scores.customer_class": Field(Kind.CHOICE, SCORES, CLASSES),
        "scores.customer_class.points": Field(Kind.NUMBER, SCORES),
        "scores.rfm": Field(Kind.CHOICE, SCORES, SEGMENTS),
        "scores.rfm.points": Field(Kind.NUMBER, SCORES),
        "scores.churn_risk": Field(Kind.CHOICE, SCORES, CHURN),
        "scores.churn_risk.points": Field(Kind.NUMBER, SCORES),
    }
)


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on one field; `value` is checked and typed: lists are tuples, times aware."""

    __test__ = False  # not one of pytest's

    field: str
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Group:
    """Several conditions: all, any or none of them hold."""

    how: str
    parts: "tuple[Group | Test, ...]"


class Misfit(ValueError):
    """A tree that does not fit the grammar; says where."""

    def __init__(self, path: Sequence[str | int], message: str, code: str) -> None:
        super().__init__(message)
        self.path = tuple(path)
        self.code = code


def read_tree(tree: Any, path: Sequence[str | int] = (), depth: int = 1) -> Group | Test:  # noqa: ANN401 - whatever was sent
    """Return the checked tree of `{"all|any|none": [...]}` groups and `{"field", "op", "value"}` tests; else Misfit."""
    if depth == 1:
        check_size(tree, path)
    if depth > MAX_DEPTH:
        raise Misfit(path, f"Conditions are nested at most {MAX_DEPTH} deep.", "too_deep")
    how = next(name for name in ("all", "any", "none", "field") if tree.get(name) is not None)
    if how == "field":
        return read_test(tree, path)
    parts = tuple(read_tree(part, (*path, how, place), depth + 1) for place, part in enumerate(tree[how]))
    return Group(how, parts)


def check_size(tree: Any, path: Sequence[str | int]) -> None:  # noqa: ANN401 - whatever was sent
    """Refuse a tree with too many nodes, whatever its shape."""
    waiting, seen = [tree], 0
    while waiting:
        node = waiting.pop()
        seen += 1
        if seen > MAX_NODES:
            raise Misfit(path, f"A rule has at most {MAX_NODES} conditions.", "too_large")
        waiting += [part for how in ("all", "any", "none") for part in node.get(how) or ()]


def read_test(tree: Mapping[str, Any], path: Sequence[str | int]) -> Test:
    """Return one checked condition."""
    name, op, value = tree["field"], tree.get("op"), tree.get("value")
    field = FIELDS.get(name)
    if field is None:
        raise Misfit((*path, "field"), f"There is no field {name!r}.", "unknown_field")
    if op not in OPS[field.kind]:
        known = ", ".join(sorted(OPS[field.kind]))
        raise Misfit((*path, "op"), f"{name} can be compared by {known}.", "unknown_operator")
    where = (*path, "value")
    try:
        return Test(name, op, read_value(field, op, value))
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        message = str(error) if type(error) is ValueError else f"The value does not fit {name}."
        raise Misfit(where, message, "wrong_value") from error


def read_value(field: Field, op: str, value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    """Return a value as the operator takes it; ValueError, TypeError or KeyError where it does not fit."""
    if op == "is_null":
        return read_flag(field, value)
    if op in {"within", "older_than"}:
        return read_duration(value)
    read = READERS[field.kind]
    if op in LISTS:
        return read_list(value, 1, MAX_VALUES, lambda one: read(field, one))
    if op == "between":
        return read_list(value, 2, 2, lambda one: read(field, one))
    return read(field, value)


def read_list(value: object, least: int, most: int, read: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Return a list of values as a tuple."""
    if not isinstance(value, list) or not least <= len(value) <= most:
        wanted = f"{least} values" if least == most else f"{least} to {most} values"
        message = f"A list of {wanted} is needed."
        raise ValueError(message)
    return tuple(read(one) for one in value)


def read_text(field: Field, value: Any) -> str:  # noqa: ANN401 - whatever was sent
    """Return a text; one of the choices where the field has any."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        message = f"A text of 1 to {MAX_TEXT} characters is needed."
        raise ValueError(message)
    if field.choices and value not in field.choices:
        message = f"One of {', '.join(field.choices)} is needed."
        raise ValueError(message)
    return value


def read_number(field: Field, value: Any) -> Decimal:  # noqa: ANN401 - whatever was sent
    """Return a number, given as a number or as decimal text."""
    del field
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        message = "A number is needed."
        raise ValueError(message)  # noqa: TRY004 - all misfits of a value are ValueErrors
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) > LARGEST:
        message = "The number is too large."
        raise ValueError(message)
    return number


def read_money(field: Field, value: Any) -> Money:  # noqa: ANN401 - whatever was sent
    """Return money, given as `{"amount", "currency"}`."""
    del field
    return Money.model_validate(value)


def read_time(field: Field, value: Any) -> datetime:  # noqa: ANN401 - whatever was sent
    """Return an instant, given as RFC 3339 text with an offset."""
    del field
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        message = "A time needs an offset, such as 2026-11-22T09:00:00+08:00."
        raise ValueError(message)
    if moment.year not in YEARS:
        message = "Years from 1900 to 2199 are taken."
        raise ValueError(message)
    return moment


def read_duration(value: Any) -> timedelta:  # noqa: ANN401 - whatever was sent
    """Return whole days, given as ISO 8601 text such as P30D."""
    if not isinstance(value, str) or not value.startswith("P") or not value.endswith("D") or not value[1:-1].isdigit():
        message = "Whole days such as P30D are needed."
        raise ValueError(message)
    duration = timedelta(days=int(value[1:-1]))
    if duration > LONGEST:
        message = "At most a hundred years."
        raise ValueError(message)
    return duration


def read_flag(field: Field, value: Any) -> bool:  # noqa: ANN401 - whatever was sent
    """Return true or false."""
    del field
    if not isinstance(value, bool):
        message = "true or false is needed."
        raise ValueError(message)  # noqa: TRY004 - all misfits of a value are ValueErrors
    return value


def read_rep(field: Field, value: Any) -> UUID | str:  # noqa: ANN401 - whatever was sent
    """Return the id of a rep, or `me`."""
    del field
    return value if value == "me" else UUID(value)


READERS: Mapping[Kind, Callable[[Field, Any], Any]] = MappingProxyType(
    {
        Kind.TEXT: read_text,
        Kind.CHOICE: read_text,
        Kind.TAGS: read_text,
        Kind.NUMBER: read_number,
        Kind.MONEY: read_money,
        Kind.TIME: read_time,
        Kind.FLAG: read_flag,
        Kind.REP: read_rep,
    }
)


def fields_in(tree: Group | Test) -> set[str]:
    """Return the names of all fields that a tree asks about."""
    if isinstance(tree, Test):
        return {tree.field}
    return set().union(*(fields_in(part) for part in tree.parts))
