"""Keeping replies, on a real table."""

import asyncio
import os
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID

import pytest
from starlette.responses import Response

from services.kit.clock import FixedClock
from services.kit.database import Database, Session
from services.kit.ids import new_id
from services.kit.problems import Conflict, Forbidden, Problem, RequestInProgress, TooManyRequests, Unavailable
from services.kit.secrets import Vault
from services.kit.web.idempotency import Act, Attempt, Replies, forget_replies, subjects_of


@pytest.fixture
async def database(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    return await database_for("contacts")


@pytest.fixture
def replies(clock: FixedClock) -> Replies:
    return Replies(Vault([f"test:{b64encode(os.urandom(32)).decode()}"]), clock, 24)


@pytest.fixture
def attempt(workspace_id: UUID) -> Attempt:
    return Attempt(workspace_id, new_id(), "k1", b"same", b"POST /v1/people?")


def refuse(problem: Problem) -> Response:
    return Response(type(problem).__name__, problem.status)


def act_with(result: Response | Problem) -> Act:
    async def act(_: Session) -> Response:
        if isinstance(result, Problem):
            raise result
        return result

    return act


def is_replay(response: Response) -> bool:
    return "idempotency-replayed" in response.headers


class TestRefusals:
    @pytest.mark.parametrize("problem", [Forbidden("people:write"), TooManyRequests(), Unavailable()])
    async def test_what_is_no_result_of_the_operation_is_never_kept(
        self, database: Database, replies: Replies, attempt: Attempt, problem: Problem
    ) -> None:
        with pytest.raises(type(problem)):
            await replies.once(database, attempt, act_with(problem), refuse)
        later = await replies.once(database, attempt, act_with(Response("welcome", 201)), refuse)
        assert (later.status_code, is_replay(later)) == (201, False)

    async def test_everybody_gets_one_answer_even_where_a_twin_comes_between_refusal_and_keeping_it(
        self, database: Database, replies: Replies, attempt: Attempt
    ) -> None:
        async def insist(one: Attempt) -> Response:
            while True:
                try:
                    return await replies.once(database, one, act_with(Response("welcome", 201)), refuse)
                except RequestInProgress:
                    await asyncio.sleep(0)

        for number in range(25):
            one = replace(attempt, key=f"k{number}")
            both = await asyncio.gather(
                replies.once(database, one, act_with(Conflict()), refuse), insist(one), return_exceptions=True
            )
            said = {answer.body for answer in both if isinstance(answer, Response)}
            assert len(said) == 1, both
            again = await replies.once(database, one, act_with(Response("third", 201)), refuse)
            assert ({again.body}, is_replay(again)) == (said, True)


class TestErasure:
    async def test_the_reply_goes_with_the_person_but_the_key_stays(
        self, database: Database, replies: Replies, attempt: Attempt, clock: FixedClock
    ) -> None:
        person, other = new_id(), new_id()
        for key, named in (("k1", person), ("k2", other)):
            answer = Response(f'{{"id": "{named}", "display_name": "Lin Mei"}}'.encode(), 201)
            await replies.once(database, replace(attempt, key=key), act_with(answer), refuse)
        async with database.worker() as session:
            assert await forget_replies(session, attempt.workspace_id, [person], clock.now()) == 1
        with pytest.raises(Conflict, match="forgotten"):
            await replies.once(database, attempt, act_with(Response("new", 201)), refuse)
        kept = await replies.once(database, replace(attempt, key="k2"), act_with(Response("new", 201)), refuse)
        assert is_replay(kept)

    async def test_a_reply_concerns_those_in_its_address_and_in_its_body(self) -> None:
        one, two, three = (str(new_id()) for _ in range(3))
        body = f'{{"existing_id":"{two}","instance":"/v1/people/{one}","ids":["{three}"]}}'
        found = subjects_of(f"PATCH /v1/people/{one}/tags?".encode(), body.encode())
        assert found == sorted([one, two, three])
