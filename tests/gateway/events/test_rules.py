"""Positions in the journal: they come back where they were made, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.events.rules import START, Position, PositionSeal

KEY = bytes(range(32))
SEAL = PositionSeal(KEY, "epoch one", "workspace one")


@given(st.builds(Position, st.integers(0, 2**63 - 1), st.integers(0, 2**40 - 1)))
def test_a_place_comes_back_from_its_text_which_is_always_the_same(place: Position) -> None:
    text = SEAL.seal(place)
    assert SEAL.open(text) == place
    assert SEAL.seal(place) == text


def test_a_place_of_an_epoch_gone_by_is_known_as_such() -> None:
    assert PositionSeal(KEY, "epoch two", "workspace one").open(SEAL.seal(START)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "!",
        "position",
        "\u4f4d\u7f6e",
        PositionSeal(KEY, "epoch one", "workspace two").seal(START),
        PositionSeal(KEY[::-1], "epoch one", "workspace one").seal(START),
    ],
    ids=range(7),
)
def test_any_other_text_is_no_position(text: str) -> None:
    with pytest.raises(ValueError, match="it is no position of this journal"):
        SEAL.open(text)
