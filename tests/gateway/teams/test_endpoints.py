"""Teams over HTTP: who may make them, and whose customers their reps see from then on."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from services.kit.identity import HEADER, IdentityVerifier
from services.kit.ids import new_id
from tests import keys
from tests.gateway.conftest import Issue
from tests.gateway.peers import Echo

TEAMS = "/v1/teams"
ANN, BEA, CHI = sorted(new_id() for _ in range(3))


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
async def admin(issue: Issue) -> dict[str, str]:
    """The headers of an administrator."""
    return bearer(await issue())


async def make(http: httpx.AsyncClient, admin: dict[str, str], *reps: UUID) -> dict[str, Any]:
    answer = await http.post(TEAMS, headers=admin, json={"name": "North", "rep_ids": [str(rep) for rep in reps]})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def seen_by(http: httpx.AsyncClient, echo: Echo, headers: dict[str, str]) -> list[UUID]:
    """Return whose customers a service shows to the holder of a key."""
    await http.get("/v1/people", headers=headers)
    token = echo.seen[-1]["headers"][HEADER]
    return IdentityVerifier("contacts", keys.public_keys()).verify(token).reps


class TestWhoMay:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_the_scope_is_needed(self, http: httpx.AsyncClient, issue: Issue, method: str) -> None:
        headers = bearer(await issue(scopes=["people:read"]))
        answer = await http.request(method, TEAMS, headers=headers, json={"name": "x"} if method == "POST" else None)
        assert answer.status_code == 403

    async def test_who_does_not_see_all_cannot_decide_who_sees_whose(
        self, http: httpx.AsyncClient, admin: dict[str, str], issue: Issue
    ) -> None:
        made = await make(http, admin, BEA)
        own = bearer(await issue(rep_id=ANN, visibility="team"))
        join = await http.post(f"{TEAMS}/{made['id']}/reps", headers=own, json={"add": [str(ANN)]})
        create = await http.post(TEAMS, headers=own, json={"name": "x", "rep_ids": [str(ANN), str(BEA)]})
        assert (join.status_code, create.status_code) == (403, 403)

    async def test_another_workspace_finds_none(
        self, http: httpx.AsyncClient, admin: dict[str, str], stranger: dict[str, str]
    ) -> None:
        made = await make(http, admin, ANN)
        path = f"{TEAMS}/{made['id']}"
        assert (await http.get(TEAMS, headers=stranger)).json()["items"] == []
        assert (await http.get(path, headers=stranger)).status_code == 404
        assert (await http.patch(path, headers=stranger, json={"name": "x"})).status_code == 404
        assert (await http.delete(path, headers=stranger)).status_code == 404


class TestSight:
    async def test_a_key_of_the_visibility_team_sees_its_mates_as_soon_as_they_are_mates(
        self, http: httpx.AsyncClient, admin: dict[str, str], issue: Issue, echo: Echo
    ) -> None:
        team, own = [bearer(await issue(rep_id=ANN, visibility=sight)) for sight in ("team", "own")]
        assert await seen_by(http, echo, team) == [ANN]
        made = await make(http, admin, ANN, BEA)
        assert await seen_by(http, echo, team) == [ANN, BEA]
        assert await seen_by(http, echo, own) == [ANN]
        path = f"{TEAMS}/{made['id']}"
        await http.post(f"{path}/reps", headers=admin, json={"add": [str(CHI)], "remove": [str(BEA)]})
        assert await seen_by(http, echo, team) == [ANN, CHI]
        assert (await http.delete(path, headers=admin)).status_code == 204
        assert await seen_by(http, echo, team) == [ANN]

    async def test_who_is_in_two_teams_sees_both_and_a_team_of_others_not(
        self, http: httpx.AsyncClient, admin: dict[str, str], issue: Issue, echo: Echo
    ) -> None:
        team = bearer(await issue(rep_id=ANN, visibility="team"))
        for reps in ([ANN, BEA], [CHI, ANN], [new_id(), new_id()]):
            await make(http, admin, *reps)
        assert await seen_by(http, echo, team) == [ANN, BEA, CHI]


class TestChange:
    async def test_a_team_is_read_listed_and_changed(self, http: httpx.AsyncClient, admin: dict[str, str]) -> None:
        made = await make(http, admin, BEA, ANN, BEA)
        path = f"{TEAMS}/{made['id']}"
        assert made["rep_ids"] == [str(ANN), str(BEA)]
        assert [rep["display_name"] for rep in made["reps"]] == ["明明", "明明"]
        for params in ({}, {"rep_id": str(ANN)}, {"ids": made["id"]}):
            assert [team["id"] for team in (await http.get(TEAMS, headers=admin, params=params)).json()["items"]] == [
                made["id"]
            ]
        assert (await http.get(TEAMS, headers=admin, params={"rep_id": str(CHI)})).json()["items"] == []
        same = await http.patch(path, headers=admin, json={"name": "North"})
        assert (same.headers["kith-unchanged"], same.headers["etag"]) == ("true", '"v1"')
        other = await http.patch(path, headers=admin | {"If-Match": 'W/"v1"'}, json={"name": "South"})
        assert (other.status_code, other.json()["name"], other.json()["version"]) == (200, "South", 2)
        late = await http.patch(path, headers=admin | {"If-Match": '"v1"'}, json={"name": "West"})
        assert (late.status_code, late.json()["current"]) == (412, '"v2"')

    @pytest.mark.parametrize(
        ("method", "rest", "field"),
        [("POST", "", "rep_ids"), ("PATCH", "/{id}", "rep_ids"), ("POST", "/{id}/reps", "add")],
    )
    async def test_reps_whom_nobody_knows_are_each_named_and_nothing_is_changed(
        self, http: httpx.AsyncClient, admin: dict[str, str], echo: Echo, method: str, rest: str, field: str
    ) -> None:
        made = await make(http, admin, ANN)
        echo.nobody |= {str(BEA), str(CHI)}
        body = {"name": "South"} if not rest else {}
        reps = [str(rep) for rep in (BEA, ANN, CHI)]
        answer = await http.request(
            method, TEAMS + rest.format(id=made["id"]), headers=admin, json=body | {field: reps}
        )
        assert answer.status_code == 422
        assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
            (f"#/{field}/0", "unknown_rep"),
            (f"#/{field}/2", "unknown_rep"),
        ]
        teams = (await http.get(TEAMS, headers=admin)).json()["items"]
        assert [(team["name"], team["rep_ids"], team["version"]) for team in teams] == [("North", [str(ANN)], 1)]

    async def test_a_rep_whom_nobody_knows_any_more_can_be_taken_out(
        self, http: httpx.AsyncClient, admin: dict[str, str], echo: Echo
    ) -> None:
        made = await make(http, admin, ANN, BEA)
        echo.nobody.add(str(BEA))
        path = f"{TEAMS}/{made['id']}"
        answer = await http.post(f"{path}/reps", headers=admin, json={"add": [str(CHI)], "remove": [str(BEA)]})
        assert (answer.status_code, answer.json()["rep_ids"]) == (200, [str(ANN), str(CHI)])

    async def test_a_repetition_gets_the_first_answer_whoever_is_known_by_then(
        self, http: httpx.AsyncClient, admin: dict[str, str], echo: Echo
    ) -> None:
        headers = admin | {"Idempotency-Key": "north"}
        body = {"name": "North", "rep_ids": [str(ANN)]}
        first = await http.post(TEAMS, headers=headers, json=body)
        echo.nobody.add(str(ANN))
        again = await http.post(TEAMS, headers=headers, json=body)
        assert (first.status_code, again.status_code, again.json()["id"]) == (201, 201, first.json()["id"])
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers["location"] == first.headers["location"] == f"{TEAMS}/{first.json()['id']}"
        assert (first.headers["etag"], again.headers["etag"]) == ('"v1"', '"v1"')
        other = await http.post(TEAMS, headers=headers, json=body | {"name": "South"})
        assert other.status_code == 422

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [({"name": None}, "#/name"), ({"rep_ids": ["nobody"]}, "#/rep_ids/0")],
    )
    async def test_what_does_not_fit_is_named(
        self, http: httpx.AsyncClient, admin: dict[str, str], body: dict[str, object], pointer: str
    ) -> None:
        made = await make(http, admin, ANN)
        answer = await http.patch(f"{TEAMS}/{made['id']}", headers=admin, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
