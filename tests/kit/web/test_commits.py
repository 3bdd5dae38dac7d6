"""A commit that fails or breaks off: the caller is never told that it went well."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from services.kit.ids import new_id
from services.kit.settings import ServiceSettings
from services.kit.web import CallerDep, Input, Kit, Ref, Router, ShortText, WriteSession, create_app, operation
from tests.callers import Caller, running
from tests.cluster import KithDatabase
from tests.conftest import settings_values
from tests.waiting import until

router = Router(prefix="/v1/things", tags=["things"])

AT_COMMIT = (
    "GRANT INSERT, SELECT ON contacts.outbox TO contacts_api",
    """
CREATE FUNCTION contacts.at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.type = 'refused' THEN RAISE 'refused' USING ERRCODE = 'check_violation'; END IF;
    IF NEW.type = 'slow' THEN PERFORM pg_sleep(30); END IF;
    RETURN NULL;
END $$
""",
    """
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON contacts.outbox
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION contacts.at_commit()
""",
)
COMMITTING = "SELECT pid FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active' AND datname = $1"


class ThingCreate(Input):
    name: ShortText


@router.post("", status_code=201, **operation(scopes=["people:write"]))
async def create_thing(body: ThingCreate, session: WriteSession, caller: CallerDep) -> Ref:
    """Create a thing."""
    thing = new_id()
    await session.execute(
        "INSERT INTO outbox (workspace_id, type, subject, version, data) VALUES ($1, $2, $3, 1, '{}')",
        caller.workspace_id,
        body.name,
        thing,
    )
    return Ref(id=thing, type="thing", display_name=body.name)


@pytest.fixture
async def client(own_kith: KithDatabase) -> AsyncIterator[httpx.AsyncClient]:
    for statement in AT_COMMIT:
        await own_kith.as_admin(statement)
    settings = ServiceSettings.model_validate(settings_values(own_kith, "contacts") | {"run_worker": False})
    async with running(create_app(Kit.build(settings), title="Things", routers=[router])) as http:
        yield http


@pytest.fixture
def create(client: httpx.AsyncClient) -> Callable[[str], Any]:
    headers = Caller(("people:write",)).headers("contacts") | {"Idempotency-Key": "once"}
    return lambda name: client.post("/v1/things", headers=headers, json={"name": name})


async def cut_off_commit(kith: KithDatabase) -> None:
    """End the connection that is committing, as soon as there is one."""

    async def cut() -> bool:
        found = await kith.as_admin(COMMITTING, kith.name)
        for row in found:
            await kith.as_admin("SELECT pg_terminate_backend($1)", row["pid"])
        return bool(found)

    await until(cut)


async def things(kith: KithDatabase) -> list[str]:
    return [str(row["subject"]) for row in await kith.as_admin("SELECT subject FROM contacts.outbox")]


async def test_a_commit_that_fails_is_a_500_and_leaves_nothing(
    create: Callable[[str], Any], own_kith: KithDatabase
) -> None:
    answer = await create("refused")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "check_violation" not in answer.text
    assert await things(own_kith) == []
    assert (await create("fine")).status_code == 201, "the key of an attempt that failed may be used again"


async def test_a_connection_that_is_lost_during_the_commit_is_a_503_to_be_tried_again(
    create: Callable[[str], Any], own_kith: KithDatabase
) -> None:
    attempt = asyncio.create_task(create("slow"))
    await cut_off_commit(own_kith)
    answer = await attempt
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert await things(own_kith) == []
    assert (await create("fine")).status_code == 201
