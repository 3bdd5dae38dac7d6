"""Writes: preconditions that fail, keys of repetition, and the same answer to the same request."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from deploy.local.bootstrap import running_gateway
from gateway import bootstrap
from tests.system.client import WRITES, Client, Json
from tests.system.document import Operation, operations
from tests.system.problems import differs
from tests.system.stack import Stack
from tests.system.workspaces import foreign_address, furnish

ALL = [one for one in operations() if one.method in WRITES and not one.is_public]
GUARDED = [one for one in ALL if "If-Match" in one.parameters_in("header")]
ORDER = ("snooze", "reassign", "skip", "reopen", "complete", "refunds", "cancel")
"""Verbs in an order in which each is allowed after those before it; what deletes comes last."""
NOT_REPEATED = {
    "POST /v1/jobs/{id}/cancel": "needs a job that runs for as long as the test looks",
    "POST /v1/jobs/{id}/resume": "needs a job that was cancelled half way",
}
REPLAYED = ("etag", "location", "content-type", "kith-position", "kith-unchanged")
BAD_KEYS = ("", "x" * 256, "two words")
BAD_VERSIONS = ("17", '"17"', "v17", '"v17', '"v17" "v18"', "W/v1", '"v-1"', ",".join(['"v1"'] * 99))


@dataclass
class Stage:
    """A workspace with something of everything that a test may use up."""

    client: Client
    ids: dict[str, str]
    bodies: dict[str, Json]

    async def send(self, operation: Operation, **headers: str) -> httpx.Response:
        """Send a request that fits."""
        own = self.bodies.get(str(operation))
        request = {"json": own} if own else operation.request()
        address = foreign_address(operation, self.ids)
        return await self.client.send(operation.method, address, headers=headers, **request)


@pytest.fixture(scope="module")
async def stage(stack: Stack) -> AsyncIterator[Stage]:
    """A workspace of its own, so that what others share stays as it is."""
    _, key = await bootstrap.create_workspace(running_gateway(stack.home), "Stage")
    async with Client(stack.url, key) as client:
        await client.configure(reporting_currency="TWD")
        ids = await furnish(client)
        later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        bodies: dict[str, Json] = {
            "POST /v1/people": {"display_name": "Somebody else", "emails": [{"address": "else@mail.example"}]},
            "POST /v1/accounts": {"name": "Tea"},
            "POST /v1/reminders": {"customer_id": ids["people"], "subject": "Ask", "due_at": later},
            "PUT /v1/accounts/external/{source}/{external_id}": {"name": "Tea"},
            "POST /v1/teams": {"name": "North", "rep_ids": [ids["reps"]]},
            "POST /v1/interactions": {"customer_id": ids["people"], "function": "care", "channel": "call"},
            "POST /v1/people/lookup": {"email": "nobody@mail.example"},
            "POST /v1/reminders/{reminder_id}/reassign": {"rep_id": ids["reps"]},
            "POST /v1/reminders/{reminder_id}/snooze": {"until": later},
        }
        yield Stage(client, ids, bodies)


def rank(operation: Operation) -> tuple[bool, int]:
    """Order operations so that none takes away what a later one needs."""
    verb = operation.path.rpartition("/")[2]
    return operation.method == "DELETE", ORDER.index(verb) if verb in ORDER else -1


async def test_a_version_that_is_not_the_present_one_is_412_and_the_present_one_is_told(stage: Stage) -> None:
    different = []
    for operation in GUARDED:
        if "external" in operation.path:
            continue  # what is there is known by its id: the operations on it are among the others
        answer = await stage.send(operation, **{"If-Match": '"v999999"'})
        fault = differs(answer, 412)
        if fault or not answer.json()["current"].startswith('"v'):
            different.append(f"{operation}: {fault}")
    assert not different, "\n".join(different)


async def test_a_version_that_is_none_is_400(stage: Stage) -> None:
    different = []
    for operation in GUARDED:
        for value in BAD_VERSIONS:
            fault = differs(await stage.send(operation, **{"If-Match": value}), 400, "If-Match")
            if fault:
                different.append(f"{operation} {value}: {fault}")
    assert not different, "\n".join(different)


async def test_where_a_version_is_required_its_absence_is_428(stage: Stage) -> None:
    different = []
    for operation in GUARDED:
        if operation.parameters_in("header")["If-Match"].get("required"):
            fault = differs(await stage.send(operation), 428)
            if fault:
                different.append(f"{operation}: {fault}")
    assert not different, "\n".join(different)


async def test_a_key_of_repetition_that_is_none_is_400(stage: Stage) -> None:
    different = []
    for operation in ALL:
        for value in BAD_KEYS:
            fault = differs(await stage.send(operation, **{"Idempotency-Key": value}), 400, "Idempotency-Key")
            if fault:
                different.append(f"{operation} {value[:20]!r}: {fault}")
    assert not different, "\n".join(different)


async def test_the_same_request_gets_the_same_answer_and_another_one_with_its_key_is_422(stage: Stage) -> None:
    different = []
    for operation in sorted(ALL, key=rank):
        if str(operation) not in NOT_REPEATED:
            fault = await differs_in_repetition(stage, operation)
            if fault:
                different.append(f"{operation}: {fault}")
    assert not different, "\n".join(different)


async def differs_in_repetition(stage: Stage, operation: Operation) -> str | None:
    """Return in what the answer to a repetition differs from the first one."""
    key = {"Idempotency-Key": str(uuid4())}
    version = {"If-Match": "*"} if operation in GUARDED else {}
    first, second = [await stage.send(operation, **key, **version) for _ in range(2)]
    if not first.is_success:
        return f"{first.status_code}: {first.text[:300]}"
    if second.headers.get("idempotency-replayed") != "true" or "idempotency-replayed" in first.headers:
        return "not marked as replayed"
    told = [(one.status_code, one.content, [one.headers.get(name) for name in REPLAYED]) for one in (first, second)]
    if told[0] != told[1]:
        return f"{told[0]} and then {told[1]}"
    if operation.body is None:
        return None
    other = await stage.client.send(
        operation.method,
        foreign_address(operation, stage.ids),
        json={"colour": "red"},
        headers=key | version,
    )
    return differs(other, 422)
