"""Values that only this test knows go in at every door, well formed and not; no log of any process shows one."""

import asyncio

import pytest

from deploy.local.stack import system_folder
from tests.privacy import faults_in, log_files
from tests.samples import deliveries
from tests.system.client import Client
from tests.system.document import Operation, operations
from tests.system.shops import Shop
from tests.system.stack import Stack

CANARY = "Qzcanary"
ADDRESS = f"{CANARY}@secret.example"
PERSON = {"given_name": CANARY, "family_name": CANARY, "emails": [{"address": ADDRESS}], "tags": [CANARY]}
BODIES = (f'{{"{CANARY}": "{CANARY}"}}', f'{{"name": "{CANARY}\\u0000"}}', f'{{"{CANARY}', f'"{CANARY}"')
RAW = (
    f"GET /{CANARY} HTTP/9.9\r\n\r\n",
    f"{CANARY}\r\n\r\n",
    f"GET /v1/people?email={ADDRESS} HTTP/1.1\r\nHost: x\r\nContent-Length: {CANARY}\r\n\r\n",
    f"POST /v1/people HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{CANARY}\r\n",
    f"GET / HTTP/1.1\r\nHost: x\r\n{CANARY} : {CANARY}\r\n\r\n",
)


@pytest.mark.parametrize("operation", operations(), ids=str)
async def test_values_at_every_operation(client: Client, operation: Operation) -> None:
    address = operation.address().replace("00000000", CANARY, 1)
    query = {"email": ADDRESS, "q": CANARY, "cursor": CANARY, "limit": CANARY}
    for body in BODIES:
        answer = await client.send(
            operation.method,
            address,
            params=query,
            content=body,
            headers={"Content-Type": "application/json", "If-Match": CANARY, "Accept-Language": CANARY},
        )
        assert answer.status_code < 500, answer.text


async def test_values_that_are_stored_and_found(client: Client) -> None:
    person = await client.post("/v1/people", PERSON)
    await client.post("/v1/people", PERSON, expected=409)
    await client.get("/v1/people", email=ADDRESS)
    await client.get("/v1/people", tag=CANARY)
    await client.patch(f"/v1/people/{person['id']}", {"display_name": f"{CANARY} 2"})
    await client.get(f"/v1/customers/{person['id']}/360")


async def test_values_of_shops(client: Client) -> None:
    for platform in ("shopify", "woocommerce"):
        shop = await Shop.connect(client, platform)
        order = shop.order(given_name=CANARY, family_name=CANARY, email=ADDRESS)
        await shop.place(order)
        await shop.stored_order(order.external_id)
        broken = order.body().replace(order.total.encode(), CANARY.encode())
        await shop.deliver(shop.topic_created, broken)
        await shop.deliver(shop.topic_created, order.body(), shop.headers(shop.topic_created, b"", CANARY))
        unknown = deliveries.shopify("orders/create", order.body())
        await client.http.post(f"/v1/webhooks/{CANARY}", content=order.body(), headers=unknown)


async def test_values_in_keys_and_headers(client: Client) -> None:
    for header in (f"Bearer {CANARY}", f"Bearer eyJhbGciOiJub25lIn0.{CANARY}.", f"Basic {CANARY}", CANARY):
        answer = await client.send("GET", "/v1/me", headers={"Authorization": header, "Cookie": CANARY})
        assert answer.status_code == 401


@pytest.mark.parametrize("raw", RAW)
async def test_values_in_what_is_no_request(stack: Stack, raw: str) -> None:
    for port in stack.state["ports"].values():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw.encode())
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 60)
        writer.close()


async def test_no_log_shows_one(stack: Stack) -> None:
    # Where tests run as root, the database lies in a folder of the system.
    files = [*log_files(stack.home.path), *log_files(system_folder())]
    assert {stack.log.name, "server.log"} <= {file.name for file in files}
    assert "/v1/people/{person_id}" in stack.log.read_text()  # requests are logged, by their templates
    assert [fault for file in files for fault in faults_in(file.read_text(errors="replace"), file.name)] == []
