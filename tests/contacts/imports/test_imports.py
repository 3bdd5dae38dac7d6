"""Imports from the form to the last row, with the worker running."""

import asyncio
import contextlib
import csv
import io
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.contacts.app import create_app
from services.contacts.settings import ContactsSettings
from services.kit.clock import FixedClock
from services.kit.ids import new_id
from services.kit.jobs import Limits
from tests.callers import Caller, running
from tests.cluster import KithDatabase
from tests.contacts.conftest import Door, pointers
from tests.waiting import until

PATH = "/v1/imports"
HEADER = (
    "external_id,customer_email,customer_name,account_external_id,placed_at,updated_at,total,currency,"
    "refunded,refunded_at,item_sku,item_title,item_quantity,item_unit_price\n"
)
ENDED = frozenset({"succeeded", "failed", "cancelled"})


def line(number: int, total: str = "100.00", **more: str) -> str:
    values = {
        "external_id": str(number),
        "customer_email": f"c{number % 7}@example.com",
        "customer_name": "王,小明",
        "account_external_id": "",
        "placed_at": "2026-11-01T10:00:00+08:00",
        "updated_at": "2026-11-01T10:00:00+08:00",
        "total": total,
        "currency": "TWD",
        "refunded": "",
        "refunded_at": "",
        "item_sku": "T1",
        "item_title": "Tea,\n100 g",
        "item_quantity": "1",
        "item_unit_price": total,
    }
    out = io.StringIO(newline="")
    csv.writer(out).writerow([*(values | more).values()])
    return out.getvalue()


async def nothing_new(_: httpx.Request) -> httpx.Response:
    """Answer as a gateway with nothing to tell."""
    await asyncio.sleep(0.2)
    return httpx.Response(200, json=[], headers={"Kith-Feed-Head": "e:0"})


@pytest.fixture
async def shop(
    kith: KithDatabase, settings_for: Callable[..., Any], clock: FixedClock, workspace_id: UUID
) -> AsyncIterator[Door]:
    """Contacts with its worker, small files only."""
    settings = settings_for(
        "contacts",
        ContactsSettings,
        run_worker=True,
        peers={"gateway": "http://gateway.test"},
        import_max_bytes=3_000_000,
        import_orders_at_once=5,
    )
    limits = Limits(tries=1000, seconds_between_looks=0.2, first_pause=0.5, longest_pause=0.5)
    app = create_app(settings, clock, {"gateway": httpx.MockTransport(nothing_new)}, limits)
    async with running(app) as http:
        yield Door(http, Caller(workspace_id=workspace_id), kith)


async def send(door: Door, text: str | bytes, key: str = "", **fields: str) -> httpx.Response:
    data = {"kind": "orders", "format": "csv"} | fields
    raw = text.encode() if isinstance(text, str) else text
    files = {"file": ("orders.csv", raw, "text/csv")}
    headers = {"Idempotency-Key": key} if key else {}
    return await door.call("POST", PATH, data=data, files=files, headers=headers)


async def ended(door: Door, job: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found: dict[str, Any] = (await door.get(f"/v1/jobs/{job['id']}")).json()
        if found["status"] in ENDED:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found)


async def taken(door: Door, text: str | bytes, **fields: str) -> dict[str, Any]:
    answer = await send(door, text, **fields)
    assert answer.status_code == 202, answer.text
    return await ended(door, answer.json())


class TestCreate:
    async def test_a_file_is_taken_in(self, shop: Door) -> None:
        await shop.settle()
        text = "\ufeff" + HEADER + line(1) + line(1, item_sku="T2") + line(2, refunded="40", refunded_at="2026-11-05")
        answer = await send(shop, text)
        assert (answer.status_code, answer.headers["Location"]) == (202, f"/v1/jobs/{answer.json()['id']}")
        job = await ended(shop, answer.json())
        assert (job["status"], job["progress"], job["total"], job["done"]) == ("succeeded", 1.0, 3, 3)
        assert job["result"] == {"orders": 2, "created": 2}
        assert job["errors_url"] is None
        orders = {order["external_id"]: order for order in (await shop.get("/v1/orders")).json()["items"]}
        assert [item["sku"] for item in orders["1"]["items"]] == ["T1", "T2"]
        assert orders["1"]["items"][0]["title"] == "Tea,\n100 g"
        assert orders["1"]["customer"]["display_name"] == "王,小明"
        assert orders["2"]["net"]["amount"] == "60.00"
        assert {event["effects"] for event in await shop.events("order.changed")} == {"scores"}
        rows = await shop.kith.as_admin("SELECT count(*) AS n FROM contacts.import_pieces")
        assert rows[0]["n"] == 0

    async def test_a_second_run_of_the_same_file_changes_nothing(self, shop: Door) -> None:
        text = HEADER + "".join(line(number, account_external_id=f"a{number % 2}") for number in range(40))
        await taken(shop, text)
        before = await shop.kith.as_admin("SELECT count(*) AS n FROM contacts.outbox")
        job = await taken(shop, text)
        after = await shop.kith.as_admin("SELECT count(*) AS n FROM contacts.outbox")
        assert (job["status"], job["done"], job["skipped"]) == ("succeeded", 0, 40)
        assert job["result"] == {"orders": 40, "unchanged": 40}
        assert before[0]["n"] == after[0]["n"]

    async def test_rows_that_fail_are_listed_and_the_others_are_taken(self, shop: Door) -> None:
        await shop.settle()
        bad = [
            line(2, total="much", item_unit_price="1"),
            "3\n",
            ",a@example.com\n",
            line(4, customer_email="nobody"),
            '5,"x"y\n',
        ]
        job = await taken(shop, HEADER + line(1) + "".join(bad) + line(6))
        assert (job["status"], job["done"], job["failed"], job["total"]) == ("succeeded", 2, 5, 7)
        assert job["result"] == {"orders": 5, "created": 2, "failed": 3}
        answer = await shop.get(job["errors_url"])
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        found = list(csv.DictReader(io.StringIO(answer.text)))
        assert [(row["row"], row["column"], row["code"]) for row in found] == [
            ("3", "total", "amount"),
            ("4", "placed_at", "required"),
            ("5", "external_id", "required"),
            ("6", "customer_email", "email"),
            ("7", "", "unreadable"),
        ]

    async def test_a_trial_keeps_nothing_but_tells_what_would_be(self, shop: Door) -> None:
        await taken(shop, HEADER + line(1))
        events = len(await shop.events("order.changed"))
        job = await taken(shop, HEADER + line(1) + line(2) + line(3, total="x", item_unit_price="1"), dry_run="true")
        assert job["result"] == {"orders": 3, "unchanged": 1, "created": 1, "failed": 1}
        assert len((await shop.get("/v1/orders")).json()["items"]) == 1
        assert len(await shop.events("order.changed")) == events

    async def test_what_is_known_can_be_left_alone(self, shop: Door) -> None:
        await taken(shop, HEADER + line(1))
        newer = {"updated_at": "2026-11-09T00:00:00Z"}
        job = await taken(shop, HEADER + line(1, "5.00", **newer) + line(2, "5.00", **newer), mode="create_only")
        assert job["result"] == {"orders": 2, "unchanged": 1, "created": 1}
        totals = {
            item["external_id"]: item["total"]["amount"] for item in (await shop.get("/v1/orders")).json()["items"]
        }
        assert totals == {"1": "100.00", "2": "5.00"}

    async def test_columns_can_be_named_and_separated_otherwise(self, shop: Door) -> None:
        await shop.settle()
        text = "Order;Date;Sum;Colour\n1;2026-11-01;12.50;red\n"
        mapping = '{"Order": "external_id", "Date": "placed_at", "Sum": "total"}'
        job = await taken(shop, text, mapping=mapping)
        assert job["result"] == {"orders": 1, "created": 1}
        [order] = (await shop.get("/v1/orders")).json()["items"]
        assert (order["total"], order["placed_at"]) == ({"amount": "12.50", "currency": "TWD"}, "2026-10-31T16:00:00Z")

    async def test_an_order_that_cannot_be_stored_fails_alone(self, shop: Door) -> None:
        await shop.kith.as_admin(
            "ALTER TABLE contacts.orders ADD CONSTRAINT unlucky CHECK (external_id <> '13') NOT VALID"
        )
        try:
            job = await taken(shop, HEADER + "".join(line(number) for number in range(10, 20)))
        finally:
            await shop.kith.as_admin("ALTER TABLE contacts.orders DROP CONSTRAINT unlucky")
        assert job["result"] == {"orders": 10, "created": 9, "failed": 1}
        assert ",not_storable," in (await shop.get(job["errors_url"])).text

    async def test_a_repetition_with_the_same_key_is_one_import(self, shop: Door) -> None:
        key = "import-1"
        first = await send(shop, HEADER + line(1), key)
        again = await send(shop, HEADER + line(1), key)
        assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
        assert again.headers["Idempotency-Replayed"] == "true"
        assert (await send(shop, HEADER + line(2), key)).status_code == 422
        assert len((await shop.get(PATH)).json()["items"]) == 1

    @pytest.mark.parametrize(
        ("text", "detail"),
        [
            ("number,total\n1,5\n", "`external_id` is not among them"),
            ("\n\n", "no header"),
            (HEADER + '1,"' + "x\n" * 700_000, "quote is not closed"),
        ],
    )
    async def test_a_file_that_cannot_be_read_fails_with_the_reason(self, shop: Door, text: str, detail: str) -> None:
        job = await taken(shop, text)
        assert (job["status"], job["problem"]["type"].rpartition("/")[2]) == ("failed", "file-unreadable")
        assert detail in job["problem"]["detail"]


class TestRefusedForms:
    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"kind": "cases"}, "#/kind"),
            ({"format": "xlsx"}, "#/format"),
            ({"source": "moon-base"}, "#/source"),
            ({"mapping": "{"}, "#/mapping"),
            ({"effects": "some"}, "#/effects"),
            ({"colour": "red"}, "#/colour"),
        ],
    )
    async def test_a_field_that_does_not_fit_is_named(self, door: Door, fields: dict[str, str], pointer: str) -> None:
        answer = await send(door, HEADER + line(1), **fields)
        assert (answer.status_code, pointers(answer)) == (422, [pointer])
        rows = await door.kith.as_admin("SELECT count(*) AS n FROM contacts.import_pieces")
        assert rows[0]["n"] == 0

    async def test_a_form_needs_a_file(self, door: Door) -> None:
        for files in ({"other": ("a.csv", b"x", "text/csv")}, {"file": ("a.csv", b"", "text/csv")}):
            answer = await door.call("POST", PATH, data={"kind": "orders", "format": "csv"}, files=files)
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "file-missing")

    async def test_what_is_no_form_is_refused(self, door: Door) -> None:
        assert (await door.post(PATH, {"kind": "orders"})).status_code == 415
        boundary = {"Content-Type": "multipart/form-data; boundary=x"}
        for raw in (b"nothing", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nabc'):
            assert (await door.call("POST", PATH, content=raw, headers=boundary)).status_code == 400

    async def test_a_file_that_is_too_large_is_refused_and_forgotten(self, shop: Door) -> None:
        answer = await send(shop, b"x" * 3_000_001)
        assert answer.status_code == 413
        rows = await shop.kith.as_admin("SELECT count(*) AS n FROM contacts.import_pieces")
        assert rows[0]["n"] == 0


class TestProgress:
    FILE = HEADER + "".join(line(number) for number in range(10, 33))

    async def test_an_import_goes_on_where_a_failed_run_left_it(self, shop: Door) -> None:
        await shop.kith.as_admin(
            "CREATE FUNCTION contacts.stumble() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN IF NEW.external_id = ''22'' THEN RAISE EXCEPTION ''stumbled''; END IF; RETURN NEW; END'"
        )
        await shop.kith.as_admin(
            "CREATE TRIGGER stumble BEFORE INSERT ON contacts.orders FOR EACH ROW EXECUTE FUNCTION contacts.stumble()"
        )
        answer = await send(shop, self.FILE)
        try:
            await until(lambda: has_failed_once(shop, answer.json()["id"]))
            stopped = (await shop.get(f"/v1/jobs/{answer.json()['id']}")).json()
        finally:
            await shop.kith.as_admin("DROP FUNCTION contacts.stumble() CASCADE")
        assert stopped["done"] == 10  # two chunks of five stand, the third one stumbled
        job = await ended(shop, answer.json())
        assert (job["status"], job["done"], job["result"]) == ("succeeded", 23, {"orders": 23, "created": 23})
        assert len(await shop.events("order.changed")) == 23

    async def test_a_cancelled_import_keeps_what_it_has_done_and_can_be_resumed(self, shop: Door) -> None:
        async with hindered(shop, "18"):
            answer = await send(shop, self.FILE)
            where = f"/v1/jobs/{answer.json()['id']}"
            await until(lambda: has_done(shop, where, 5))
            assert (await shop.post(f"{where}/cancel")).status_code == 200
        job = await ended(shop, answer.json())
        assert (job["status"], job["done"]) == ("cancelled", 5)
        assert len((await shop.get("/v1/orders")).json()["items"]) == 5
        assert (await shop.post(f"{where}/resume")).status_code == 200
        job = await ended(shop, answer.json())
        assert (job["status"], job["done"], job["result"]["created"]) == ("succeeded", 23, 23)


async def has_failed_once(door: Door, job_id: str) -> bool:
    rows = await door.kith.as_admin("SELECT tries FROM contacts.jobs WHERE id = $1", UUID(job_id))
    return bool(rows[0]["tries"])


async def has_done(door: Door, where: str, rows: int) -> bool:
    found: int = (await door.get(where)).json()["done"]
    return found >= rows


@contextlib.asynccontextmanager
async def hindered(door: Door, external_id: str) -> AsyncIterator[None]:
    """Let whoever writes this order wait: somebody else has begun to, and gives up in the end."""
    connection = await asyncpg.connect(door.kith.admin_url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "INSERT INTO contacts.orders (workspace_id, id, source, external_id, status, payment_status,"
            " fulfilment_status, currency, total_minor, refunded_minor, net_minor, placed_at, platform_updated_at,"
            " status_rank, body_hash)"
            " VALUES ($1, $2, 'import', $3, 'paid', 'paid', 'unfulfilled', 'TWD', 0, 0, 0, now(), now(), 0, '')",
            door.caller.workspace_id,
            new_id(),
            external_id,
        )
        yield
        await transaction.rollback()
    finally:
        await connection.close()


class TestRead:
    async def test_an_import_is_read_with_its_job(self, shop: Door) -> None:
        job = await taken(shop, HEADER + line(1))
        body = (await shop.get(f"{PATH}/{job['id']}")).json()
        assert (body["file_name"], body["status"], body["source"]) == ("orders.csv", "succeeded", "import")
        assert (body["job"]["result"], body["size_bytes"] > 0) == ({"orders": 1, "created": 1}, True)
        [listed] = (await shop.get(PATH)).json()["items"]
        assert listed["id"] == job["id"]
