"""The five functions of contact, S041 to S046."""

from uuid import UUID

import pytest

from tests.contacts.conftest import Door, pointers

PATH = "/v1/interactions"
FUNCTIONS = ("care", "information", "transaction", "service", "intelligence")


def contact(customer: UUID, function: str) -> dict[str, str]:
    return {"customer_id": str(customer), "function": function, "channel": "call", "direction": "outbound"}


@pytest.mark.parametrize("function", FUNCTIONS)
async def test_an_interaction_has_one_of_five_functions_and_is_found_by_it(
    door: Door, customer: UUID, function: str
) -> None:
    made = {each: (await door.made(PATH, contact(customer, each)))["id"] for each in FUNCTIONS}
    found = (await door.get(f"{PATH}?function={function}")).json()["items"]
    assert [(one["id"], one["function"]) for one in found] == [(made[function], function)]


async def test_it_has_no_sixth_and_never_none(door: Door, customer: UUID) -> None:
    for body in (contact(customer, "gossip"), {**contact(customer, "care"), "function": None}):
        answer = await door.post(PATH, body)
        assert (answer.status_code, pointers(answer)) == (422, ["#/function"])
