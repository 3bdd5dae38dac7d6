"""What the fields a client sends make of the columns of a person."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.contacts.people.patches import EMPTY, columns_after

MARK = ("2026-11-22T08:00:00.000000Z", "manual")
ANN: dict[str, Any] = {**EMPTY, "given_name": "Ann", "family_name": "Lee", "display_name": "Ann Lee"}


def test_fields_that_are_not_sent_stay() -> None:
    assert columns_after(ANN, {"region": "north"}, MARK) == {"region": "north", "provenance": {"region": list(MARK)}}


def test_null_empties() -> None:
    row = {**ANN, "tags": ["a"], "custom": {"x": 1}, "do_not_contact": True, "birthday": "--01-01"}
    sent = {"tags": None, "custom": None, "do_not_contact": None, "birthday": None}
    after = columns_after(row, sent, MARK)
    assert [after[name] for name in ("tags", "custom", "do_not_contact", "birthday")] == [[], {}, False, None]


def test_null_inside_a_map_removes_a_member() -> None:
    assert columns_after({**ANN, "custom": {"x": 1, "y": 2}}, {"custom": {"x": None, "z": 3}}, MARK)["custom"] == {
        "y": 2,
        "z": 3,
    }


def test_the_primary_address_is_the_marked_one_else_the_present_one_else_the_first() -> None:
    row = {**ANN, "emails": [{"address": "a@x.io", "verified": True}], "primary_email": "a@x.io"}

    def primary(*entries: tuple[str, bool]) -> object:
        sent = {"emails": [{"address": address, "primary": flag} for address, flag in entries]}
        return columns_after(row, sent, MARK).get("primary_email", row["primary_email"])

    assert primary(("b@x.io", False), ("c@x.io", True)) == "c@x.io"
    assert primary(("b@x.io", False), ("a@x.io", False)) == "a@x.io"
    assert primary(("b@x.io", False), ("c@x.io", False)) == "b@x.io"
    assert primary() is None


def test_the_display_name_follows_the_names_unless_told_apart() -> None:
    assert columns_after(ANN, {"given_name": "Anna"}, MARK)["display_name"] == "Anna Lee"
    nicknamed = {**ANN, "display_name": "Annie"}
    assert "display_name" not in columns_after(nicknamed, {"given_name": "Anna"}, MARK)
    assert columns_after(nicknamed, {"display_name": None}, MARK)["display_name"] == "Ann Lee"


def test_what_changes_is_marked_so_that_older_facts_do_not_undo_it() -> None:
    sent = {"given_name": "Anna", "addresses": [{"kind": "home"}], "phones": [{"number": "+1", "primary": False}]}
    marks = columns_after(ANN, sent, MARK)["provenance"]
    assert set(marks) == {"given_name", "display_name", "address:home", "primary_phone"}


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "given_name": st.none() | st.text(min_size=1, max_size=3),
            "tags": st.none() | st.lists(st.sampled_from("abc")),
            "custom": st.none() | st.dictionaries(st.sampled_from("xy"), st.none() | st.integers(0, 2)),
            "emails": st.none()
            | st.lists(st.fixed_dictionaries({"address": st.sampled_from("pq"), "primary": st.booleans()})),
        },
    )
)
def test_the_same_patch_twice_changes_nothing_the_second_time(sent: dict[str, Any]) -> None:
    once = {**ANN, **columns_after(ANN, sent, MARK)}
    assert columns_after(once, sent, MARK) == {}
