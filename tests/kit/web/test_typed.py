from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from services.kit.web import AwareTime, Input, ListQuery


class Inner(Input):
    """Something in a thing."""

    at: AwareTime


class Thing(Input):
    """One field of each type."""

    whole: int | None = None
    number: float | None = None
    truth: bool | None = None
    at: AwareTime | None = None
    day: date | None = None
    span: timedelta | None = None
    inner: list[Inner] | None = None
    type: str = ""


class Form(Thing):
    """The same as a form."""

    texts: ClassVar[bool] = True


class Query(ListQuery):
    """The same as a query."""

    at: AwareTime | None = None
    day: date | None = None
    truth: bool | None = None


TIME = "2026-11-22T04:00:00Z"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("whole", "7"),
        ("whole", True),
        ("number", "0.5"),
        ("number", True),
        ("truth", "true"),
        ("truth", 1),
        ("at", 1_762_000_000),
        ("at", "1762000000"),
        ("at", "2026-11-22"),
        ("at", "2026-11-22T04:00:00"),
        ("day", 20_000),
        ("day", "20000"),
        ("day", TIME),
        ("span", 7),
        ("span", "24:00:00"),
        ("inner", [{"at": 7}]),
        ("at", "0001-01-01T00:00:00Z"),
        ("at", "0001-01-01T00:00:00+14:00"),
        ("at", "9999-12-31T23:59:59-12:00"),
        ("day", "2200-01-01"),
    ],
)
def test_a_value_of_another_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError):
        Thing.model_validate({name: value})


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("whole", 7, 7),
        ("number", 7, 7.0),
        ("truth", True, True),
        ("at", TIME, datetime(2026, 11, 22, 4, tzinfo=UTC)),
        ("at", datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)),
        ("day", "2026-11-22", date(2026, 11, 22)),
        ("span", "PT24H", timedelta(hours=24)),
        ("type", "int", "int"),
    ],
)
def test_a_value_of_its_own_type_is_taken(name: str, value: object, meant: object) -> None:
    assert getattr(Thing.model_validate({name: value}), name) == meant


@pytest.mark.parametrize("kind", [Form, Query])
def test_where_all_is_text_numbers_and_truth_are_read_from_it_but_times_stay_times(kind: Any) -> None:  # noqa: ANN401 - two models
    assert kind.model_validate({"truth": "true"}).truth is True
    assert kind.model_validate({"day": "2026-11-22"}).day == date(2026, 11, 22)
    with pytest.raises(ValidationError):
        kind.model_validate({"at": "0.5"})


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_filter_may_compare_with_the_first_or_last_instant(moment: str) -> None:
    assert Query.model_validate({"at": moment}).at == datetime.fromisoformat(moment)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_filter_refuses_what_is_no_instant_in_utc(moment: str) -> None:
    with pytest.raises(ValidationError, match="years 1 to 9999"):
        Query.model_validate({"at": moment})


def test_the_document_says_the_same_as_before() -> None:
    assert Thing.model_json_schema()["properties"]["day"]["anyOf"][0] == {"type": "string", "format": "date"}
