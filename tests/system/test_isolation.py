"""Every operation of the published document: no key, wrong scope, foreign workspace."""

import pytest

from tests.system.client import eventually
from tests.system.document import Operation, operations
from tests.system.problems import differs, without_names
from tests.system.schemas import NOBODY
from tests.system.workspaces import NEEDED, Two, foreign_address

WITH_KEY = [one for one in operations() if not one.is_public]
WITH_SCOPES = [one for one in WITH_KEY if one.scopes]
WITH_ID = [one for one in WITH_KEY if one.parameters]
LISTS = [one for one in WITH_KEY if one.method == "GET" and not one.parameters]
OWNERS = {"rep_id": "reps", "owner_rep_id": "reps", "account_id": "accounts", "source_id": "sources"}
"""Which collection the ids of a filter belong to, where they are not people's."""
OWN = ("/v1/me", "/v1/workspace")
"""What every workspace has of its own and nobody can ask of another."""


@pytest.mark.parametrize("operation", WITH_KEY, ids=str)
async def test_without_a_key_it_is_401(two: Two, operation: Operation) -> None:
    answer = await two.anonymous.send(operation.method, operation.address(), **operation.request())

    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert "www-authenticate" in answer.headers


@pytest.mark.parametrize("operation", WITH_SCOPES, ids=str)
async def test_with_a_key_that_lacks_the_scope_it_is_403_and_names_the_scope(two: Two, operation: Operation) -> None:
    address = foreign_address(operation, two.ids)

    answer = await two.powerless.send(operation.method, address, **operation.request())

    assert answer.status_code == 403, answer.text
    assert any(scope in answer.text for scope in operation.scopes)


@pytest.mark.parametrize("operation", WITH_ID, ids=str)
async def test_on_something_foreign_it_is_the_404_of_what_never_was(two: Two, operation: Operation) -> None:
    request = two.request(operation)

    answer = await two.foreigner.send(operation.method, foreign_address(operation, two.ids), **request)
    never = await two.foreigner.send(operation.method, operation.address(), **request)

    assert differs(answer, 404) is None, answer.text
    assert differs(never, 404) is None, never.text
    assert without_names(answer, *two.ids.values()) == without_names(never, str(NOBODY))
    assert answer.headers.keys() == never.headers.keys()


@pytest.mark.parametrize("operation", LISTS, ids=str)
async def test_an_id_of_another_workspace_in_a_filter_finds_what_no_id_finds(two: Two, operation: Operation) -> None:
    for name in operation.parameters_in("query"):
        if name != "ids" and not name.endswith("_id"):
            continue
        foreign = two.ids.get(OWNERS.get(name, ""), two.ids["people"])
        needed = NEEDED.get(operation.path, {}) | {"count": "exact"}
        answers = [
            await two.foreigner.send("GET", operation.path, params=needed | {name: value})
            for value in (foreign, str(NOBODY))
        ]
        told = [answer.json() for answer in answers]
        if name != "external_id":
            assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
            assert told[0] == told[1], name


@pytest.mark.parametrize("operation", LISTS, ids=str)
async def test_a_list_shows_nothing_of_another_workspace(two: Two, operation: Operation) -> None:
    answer = await two.foreigner.send("GET", operation.path, params=NEEDED.get(operation.path, {}))

    assert answer.is_success, answer.text
    assert not [name for name, value in two.ids.items() if name != "external_id" and value in answer.text]
    if operation.path not in OWN:
        assert "items" in answer.json()


async def test_a_team_takes_a_rep_of_another_workspace_for_one_that_never_was(two: Two) -> None:
    body = {"name": "Spies", "rep_ids": [two.ids["reps"]]}
    answers = [
        await two.foreigner.send("POST", "/v1/teams", json=body | {"rep_ids": [rep]})
        for rep in (two.ids["reps"], str(NOBODY))
    ]
    assert [differs(answer, 422, "#/rep_ids/0") for answer in answers] == [None, None]
    assert without_names(answers[0], two.ids["reps"]) == without_names(answers[1], str(NOBODY))
    assert (await two.owner.send("POST", "/v1/teams", json=body)).status_code == 201


async def test_what_is_hidden_is_still_there_for_its_owner(two: Two) -> None:
    async def untouched() -> bool:
        view = await two.owner.get(f"/v1/customers/{two.ids['people']}/360")
        return bool(view["customer"]["id"] == two.ids["people"])

    await eventually(untouched, "the owner reads the customer")
    assert await two.owner.get(f"/v1/reminders/{two.ids['reminders']}")
