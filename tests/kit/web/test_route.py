"""The way of a request, on a small service of two endpoints with a real database."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

import httpx
import pytest
from fastapi import Query, Response
from pydantic import Field

from services.kit.clock import FixedClock
from services.kit.ids import new_id
from services.kit.problems import Conflict
from services.kit.web import (
    BindingDep,
    CallerDep,
    IfMatch,
    Input,
    Kit,
    Listing,
    ListQuery,
    Page,
    ReadSession,
    Ref,
    RequiredIfMatch,
    Router,
    ShortText,
    Sort,
    Where,
    WriteSession,
    check_version,
    create_app,
    operation,
    set_etag,
)
from tests.callers import Caller, running
from tests.cluster import KithDatabase
from tests.waiting import until

router = Router(prefix="/v1/things", tags=["things"])
# The outbox serves as the table of things: it exists in every schema and needs no migration of its own.
THINGS = Listing(
    columns="subject, type",
    source="outbox",
    sorts={"name": Sort("type", "text"), "version": Sort("version", "bigint")},
    id_column="subject",
)


class ThingCreate(Input):
    name: ShortText
    fail: Literal["before", "commit", "crash", "disk"] | None = None
    wait: bool = False


class ThingQuery(ListQuery):
    name: list[str] = Field(default_factory=list)
    sort: Literal["name", "-name", "version", "-version"] = "name"


class Signals:
    started = asyncio.Event()
    go_on = asyncio.Event()
    calls = 0


@router.post("", status_code=201, **operation(scopes=["people:write"]))
async def create_thing(body: ThingCreate, session: WriteSession, caller: CallerDep, response: Response) -> Ref:
    """Create a thing."""
    Signals.calls += 1
    Signals.started.set()
    thing = new_id()
    await session.execute(
        "INSERT INTO outbox (workspace_id, type, subject, version, data) VALUES ($1, $2, $3, 1, '{}')",
        caller.workspace_id,
        body.name,
        thing,
    )
    if body.wait:
        await Signals.go_on.wait()
    if body.fail == "before":
        raise Conflict("No.")
    if body.fail == "crash":
        raise ZeroDivisionError
    if body.fail == "disk":
        await session.execute("DO $$ BEGIN RAISE 'could not extend file' USING ERRCODE = 'disk_full'; END $$")
    if body.fail == "commit":
        await session.execute("SET LOCAL idle_in_transaction_session_timeout = 1")
        await until(partial(is_cut_off, session))
    set_etag(response, 1)
    return Ref(id=thing, type="thing", display_name=body.name)


async def is_cut_off(session: WriteSession) -> bool:
    """Tell whether the server has closed the connection."""
    return session.connection.is_closed()


@router.get("", **operation(scopes=["people:read"]))
async def list_things(
    query: Annotated[ThingQuery, Query()], session: ReadSession, caller: CallerDep, bound: BindingDep
) -> Page[Ref]:
    """List things."""
    where = Where().add("workspace_id = {}", caller.workspace_id)
    if query.name:
        where.add("type = any({})", query.name)
    rows = await THINGS.fetch(session, where, query, bound, sort=query.sort)
    items = [Ref(id=row["subject"], type="thing", display_name=row["type"]) for row in rows.items]
    return Page[Ref](items=items, next_cursor=rows.next_cursor, count=rows.count)


@router.patch("/{thing_id}", **operation(scopes=["people:write"]))
async def update_thing(thing_id: UUID, body: ThingCreate, wanted: IfMatch, session: WriteSession) -> Ref:
    """Change a thing."""
    check_version(7, wanted)
    await session.execute("SELECT 1")
    return Ref(id=thing_id, type="thing", display_name=body.name)


@router.post("/{thing_id}/activate", **operation(scopes=["people:write"]))
async def activate_thing(thing_id: UUID, wanted: RequiredIfMatch, session: WriteSession) -> Ref:
    """Activate a thing."""
    Signals.calls += 1
    check_version(7, wanted)
    await session.execute("SELECT 1")
    return Ref(id=thing_id, type="thing", display_name="active")


@pytest.fixture
async def client(
    settings_for: Callable[..., Any], clock: FixedClock, kith: KithDatabase
) -> AsyncIterator[httpx.AsyncClient]:
    await kith.as_admin("GRANT INSERT, SELECT ON contacts.outbox TO contacts_api")
    app = create_app(Kit.build(settings_for("contacts"), clock), title="Things", routers=[router])
    async with running(app) as http:
        yield http


@pytest.fixture
def caller(workspace_id: UUID) -> Caller:
    return Caller(("people:read", "people:write"), workspace_id=workspace_id)


async def names(client: httpx.AsyncClient, caller: Caller, **query: str) -> list[str]:
    answer = await client.get("/v1/things", headers=caller.headers("contacts"), params=query)
    return [item["display_name"] for item in answer.json()["items"]]


class TestWhoMay:
    async def test_nobody_without_an_identity(self, client: httpx.AsyncClient) -> None:
        answer = await client.post("/v1/things", json={"name": "a", "unknown": 1})
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")

    async def test_nobody_without_the_scope_and_the_answer_names_it(
        self, client: httpx.AsyncClient, caller: Caller
    ) -> None:
        answer = await client.post("/v1/things", headers=caller.with_scopes("people:read").headers("contacts"), json={})
        assert (answer.status_code, answer.json()["scope"]) == (403, "people:write")

    async def test_no_route_can_be_declared_without_scopes(self) -> None:
        open_router = Router(prefix="/v1/open")
        with pytest.raises(TypeError, match="does not declare its scopes"):
            open_router.get("")(list_things)
        with pytest.raises(TypeError, match="requires no scope"):
            open_router.get("", **operation(scopes=[]))(list_things)


class TestInput:
    @pytest.mark.parametrize(
        ("body", "pointer"),
        [({"name": "a", "other": 1}, "#/other"), ({}, "#/name"), ({"name": "x" * 256}, "#/name")],
    )
    async def test_a_wrong_body_is_a_422_that_names_the_field(
        self, client: httpx.AsyncClient, caller: Caller, body: dict[str, object], pointer: str
    ) -> None:
        answer = await client.post("/v1/things", headers=caller.headers("contacts"), json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
        assert await names(client, caller) == []

    @pytest.mark.parametrize("query", ["unknown=1", "limit=0", "limit=201", "limit=x", "sort=age", "name=%00", "ids=1"])
    async def test_a_wrong_parameter_is_a_400_that_names_it(
        self, client: httpx.AsyncClient, caller: Caller, query: str
    ) -> None:
        answer = await client.get(f"/v1/things?{query}", headers=caller.headers("contacts"))
        assert (answer.status_code, answer.json()["errors"][0]["name"]) == (400, query.partition("=")[0])

    async def test_another_media_type_is_a_415(self, client: httpx.AsyncClient, caller: Caller) -> None:
        headers = caller.headers("contacts") | {"content-type": "text/plain"}
        assert (await client.post("/v1/things", headers=headers, content=b"{}")).status_code == 415

    async def test_a_body_past_the_limit_is_a_413(self, client: httpx.AsyncClient, caller: Caller) -> None:
        answer = await client.post("/v1/things", headers=caller.headers("contacts"), json={"name": "x" * 1_100_000})
        assert answer.status_code == 413

    async def test_a_body_of_unknown_length_past_the_limit_is_a_413(
        self, client: httpx.AsyncClient, caller: Caller
    ) -> None:
        async def endless() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b" " * 65_536

        headers = caller.headers("contacts") | {"content-type": "application/json"}
        assert (await client.post("/v1/things", headers=headers, content=endless())).status_code == 413


class TestTransaction:
    @pytest.mark.parametrize(("fail", "status"), [("before", 409), ("crash", 500), ("commit", 503), ("disk", 503)])
    async def test_a_failure_leaves_nothing_behind_and_is_never_a_201(
        self, client: httpx.AsyncClient, caller: Caller, fail: str, status: int
    ) -> None:
        answer = await client.post("/v1/things", headers=caller.headers("contacts"), json={"name": "a", "fail": fail})
        assert answer.status_code == status
        assert await names(client, caller) == []

    async def test_a_crash_shows_no_stack_trace(self, client: httpx.AsyncClient, caller: Caller) -> None:
        body = {"name": "a", "fail": "crash"}
        answer = await client.post("/v1/things", headers=caller.headers("contacts"), json=body)
        assert "ZeroDivision" not in answer.text
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


class TestIdempotency:
    async def test_the_same_request_gets_the_same_answer_and_one_effect(
        self, client: httpx.AsyncClient, caller: Caller
    ) -> None:
        headers = caller.headers("contacts") | {"Idempotency-Key": "k1"}
        first = await client.post("/v1/things", headers=headers, json={"name": "a"})
        second = await client.post("/v1/things", headers=headers, json={"name": "a"})
        assert (second.status_code, second.content, second.headers["etag"]) == (201, first.content, '"v1"')
        assert ("idempotency-replayed" in first.headers, second.headers["idempotency-replayed"]) == (False, "true")
        assert await names(client, caller) == ["a"]

    async def test_the_key_with_another_body_is_a_422(self, client: httpx.AsyncClient, caller: Caller) -> None:
        headers = caller.headers("contacts") | {"Idempotency-Key": "k1"}
        await client.post("/v1/things", headers=headers, json={"name": "a"})
        answer = await client.post("/v1/things", headers=headers, json={"name": "b"})
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "idempotency-key-reused")

    async def test_while_the_first_is_running_the_second_is_a_409(
        self, client: httpx.AsyncClient, caller: Caller
    ) -> None:
        headers = caller.headers("contacts") | {"Idempotency-Key": "slow"}
        Signals.started.clear()
        Signals.go_on.clear()
        first = asyncio.create_task(client.post("/v1/things", headers=headers, json={"name": "a", "wait": True}))
        await Signals.started.wait()
        second = await client.post("/v1/things", headers=headers, json={"name": "a", "wait": True})
        Signals.go_on.set()
        assert (second.status_code, (await first).status_code) == (409, 201)

    async def test_a_failed_attempt_may_be_repeated(self, client: httpx.AsyncClient, caller: Caller) -> None:
        headers = caller.headers("contacts") | {"Idempotency-Key": "again"}
        body = {"name": "a", "fail": "crash"}
        calls = Signals.calls
        assert (await client.post("/v1/things", headers=headers, json=body)).status_code == 500
        assert (await client.post("/v1/things", headers=headers, json=body)).status_code == 500
        assert Signals.calls == calls + 2

    async def test_another_workspace_may_use_the_same_key(self, client: httpx.AsyncClient, caller: Caller) -> None:
        for somebody in (caller, Caller(("people:write",))):
            headers = somebody.headers("contacts") | {"Idempotency-Key": "k1"}
            answer = await client.post("/v1/things", headers=headers, json={"name": "a"})
            assert "idempotency-replayed" not in answer.headers

    async def test_kept_replies_are_encrypted(
        self, client: httpx.AsyncClient, caller: Caller, kith: KithDatabase
    ) -> None:
        headers = caller.headers("contacts") | {"Idempotency-Key": "k1"}
        await client.post("/v1/things", headers=headers, json={"name": "Lin Mei"})
        rows = await kith.as_admin("SELECT body FROM contacts.idempotency_keys")
        assert rows
        assert b"Lin Mei" not in rows[0]["body"]

    @pytest.mark.parametrize("key", ["", "x" * 256, "a b"])
    async def test_what_is_no_key_is_a_400(self, client: httpx.AsyncClient, caller: Caller, key: str) -> None:
        headers = caller.headers("contacts") | {"Idempotency-Key": key}
        assert (await client.post("/v1/things", headers=headers, json={"name": "a"})).status_code == 400


class TestVersions:
    @pytest.mark.parametrize(
        ("header", "status"),
        [('"v7"', 200), ('W/"v7"', 200), ('"v6", "v7"', 200), ("*", 200), ('"v6"', 412), ("v7", 400), ('"7"', 400)],
    )
    async def test_if_match_guards_a_change(
        self, client: httpx.AsyncClient, caller: Caller, header: str, status: int
    ) -> None:
        headers = caller.headers("contacts") | {"If-Match": header}
        answer = await client.patch(f"/v1/things/{new_id()}", headers=headers, json={"name": "a"})
        assert answer.status_code == status
        assert answer.json().get("current") == ('"v7"' if status == 412 else None)

    @pytest.mark.parametrize(
        ("header", "status"), [('"v7"', 200), ('W/"v7"', 200), ("*", 200), ('"v6"', 412), ("x", 400)]
    )
    async def test_where_it_is_demanded_it_guards_likewise(
        self, client: httpx.AsyncClient, caller: Caller, header: str, status: int
    ) -> None:
        headers = caller.headers("contacts") | {"If-Match": header}
        assert (await client.post(f"/v1/things/{new_id()}/activate", headers=headers)).status_code == status

    async def test_where_it_is_demanded_its_absence_is_428_and_does_nothing(
        self, client: httpx.AsyncClient, caller: Caller
    ) -> None:
        before = Signals.calls
        answer = await client.post(f"/v1/things/{new_id()}/activate", headers=caller.headers("contacts"))
        assert (answer.status_code, answer.headers["content-type"]) == (428, "application/problem+json")
        assert answer.json()["type"].endswith("/problems/precondition-required")
        assert Signals.calls == before

    async def test_a_428_is_not_kept_the_same_request_passes_with_the_header(
        self, client: httpx.AsyncClient, caller: Caller
    ) -> None:
        headers = caller.headers("contacts") | {"Idempotency-Key": "one"}
        path = f"/v1/things/{new_id()}/activate"
        assert (await client.post(path, headers=headers)).status_code == 428
        assert (await client.post(path, headers=headers | {"If-Match": '"v7"'})).status_code == 200


class TestLists:
    async def fill(self, client: httpx.AsyncClient, caller: Caller, count: int) -> None:
        for number in range(count):
            body = {"name": f"thing {number // 2:02}"}
            await client.post("/v1/things", headers=caller.headers("contacts"), json=body)

    @pytest.mark.parametrize("sort", ["name", "-name", "version", "-version"])
    async def test_pages_hold_every_row_once_in_order(
        self, client: httpx.AsyncClient, caller: Caller, sort: str
    ) -> None:
        await self.fill(client, caller, 7)
        seen: list[str] = []
        ids: set[str] = set()
        cursor = None
        for _ in range(4):
            query = {"limit": "2", "sort": sort} | ({"cursor": cursor} if cursor else {})
            page = (await client.get("/v1/things", headers=caller.headers("contacts"), params=query)).json()
            seen += [item["display_name"] for item in page["items"]]
            ids |= {item["id"] for item in page["items"]}
            cursor = page["next_cursor"]
        assert cursor is None
        assert (len(seen), len(ids)) == (7, 7)
        if "name" in sort:
            assert seen == sorted(seen, reverse=sort.startswith("-"))

    @pytest.mark.parametrize("change", [{"sort": "-name"}, {"name": "x"}, {"cursor": "AAAA"}, {"cursor": "é"}])
    async def test_a_cursor_fits_only_its_own_list(
        self, client: httpx.AsyncClient, caller: Caller, change: dict[str, str]
    ) -> None:
        await self.fill(client, caller, 3)
        first = (await client.get("/v1/things?limit=1", headers=caller.headers("contacts"))).json()
        query = {"cursor": first["next_cursor"]} | change
        answer = await client.get("/v1/things", headers=caller.headers("contacts"), params=query)
        assert (answer.status_code, answer.json()["errors"][0]["name"]) == (400, "cursor")

    async def test_a_cursor_of_another_workspace_is_refused(self, client: httpx.AsyncClient, caller: Caller) -> None:
        await self.fill(client, caller, 3)
        cursor = (await client.get("/v1/things?limit=1", headers=caller.headers("contacts"))).json()["next_cursor"]
        stranger = Caller(("people:read",))
        answer = await client.get(f"/v1/things?cursor={cursor}", headers=stranger.headers("contacts"))
        assert answer.status_code == 400

    async def test_counts_come_on_request(self, client: httpx.AsyncClient, caller: Caller) -> None:
        await self.fill(client, caller, 3)
        page = (await client.get("/v1/things?limit=1&count=exact", headers=caller.headers("contacts"))).json()
        assert page["count"] == {"value": 3, "kind": "exact"}


class TestHealth:
    async def test_a_running_service_is_ready(self, client: httpx.AsyncClient) -> None:
        for kind in ("live", "ready", "startup"):
            assert (await client.get(f"/health/{kind}")).status_code == 200

    async def test_the_callers_request_id_comes_back_if_it_looks_like_one(self, client: httpx.AsyncClient) -> None:
        good = await client.get("/health/live", headers={"X-Request-Id": "order-import-0042"})
        bad = await client.get("/health/live", headers={"X-Request-Id": "x\ty <script>"})
        assert good.headers["x-request-id"] == "order-import-0042"
        assert "script" not in bad.headers["x-request-id"]
