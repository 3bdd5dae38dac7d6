"""The edge with real traffic: byte for byte to where it belongs, and nothing let in that only the gateway may say."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import pytest

from services.contacts.sources.webhook import MAX_BODY
from services.kit.context import REQUEST_ID
from tests.deploy.edge import NGINX, Edge, Recorder, Request, make_certificate, request

SOURCE = "01990000-0000-7000-8000-0123456789ab"
HOOK = f"/v1/webhooks/{SOURCE}"
PIECES = 5
PATIENCE_SECONDS = 60
AWKWARD = bytes(range(256)) + '{"name":"周 美玲",\r\n "n": 1.10}  \n'.encode()

pytestmark = pytest.mark.skipif(not NGINX, reason="nginx is not part of the repository: its files are parsed")


@pytest.fixture
async def processes() -> AsyncIterator[dict[str, Recorder]]:
    async with AsyncExitStack() as stack:
        names = ("gateway", "contacts", "contacts-2")
        yield {name: await stack.enter_async_context(Recorder(name)) for name in names}


@pytest.fixture
def edge(processes: dict[str, Recorder], tmp_path: Path) -> Iterator[Edge]:
    ports = {"gateway": [processes["gateway"].port], "contacts": [processes["contacts"].port]}
    with Edge(tmp_path, ports) as running:
        yield running


def test_nginx_accepts_the_files(tmp_path: Path) -> None:
    edge = Edge(tmp_path, {"gateway": [1], "contacts": [2]})
    assert edge.check().returncode == 0, edge.check().stderr


async def test_a_webhook_reaches_contacts_byte_for_byte(edge: Edge, processes: dict[str, Recorder]) -> None:
    status, _, _ = await edge.send(request("POST", f"{HOOK}?x=%41&y=a+b", {"Content-Type": "x/y"}, AWKWARD))

    (got,) = processes["contacts"].requests
    assert status == "HTTP/1.1 200 OK"
    assert got.body == AWKWARD
    assert got.line == f"POST {HOOK}?x=%41&y=a+b HTTP/1.1"
    assert got.headers["host"] == "kith.example"
    assert processes["gateway"].requests == []


async def test_a_chunked_webhook_arrives_whole(edge: Edge, processes: dict[str, Recorder]) -> None:
    head = f"POST {HOOK} HTTP/1.1\r\nHost: kith.example\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    await edge.send(head + b"%x\r\n" % len(AWKWARD) + AWKWARD + b"\r\n3\r\nabc\r\n0\r\n\r\n")

    assert processes["contacts"].requests[0].body == AWKWARD + b"abc"


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/v1/people",
        "/v1/webhooks",
        f"{HOOK}/",
        f"{HOOK}0",
        f"{HOOK}/deliveries",
        HOOK[:-1],
        HOOK.upper().replace("/V1/WEBHOOKS", "/v1/webhooks"),
        f"/v1//webhooks/{SOURCE}",
        f"/v1/people/../webhooks/{SOURCE}",
        f"/v1/%77ebhooks/{SOURCE}",
        f"{HOOK}%20",
        f"/x{HOOK}",
        f"/v1/people?next={HOOK}",
        "/v1/customers/by-external-id/shop/a%2Fb%20c",
        "/feed?lastEventId=1",
        "/internal/handles",
    ],
)
async def test_everything_else_reaches_the_gateway_as_it_was_asked(
    edge: Edge, processes: dict[str, Recorder], target: str
) -> None:
    await edge.send(request("GET", target))

    assert processes["contacts"].requests == []
    assert processes["gateway"].requests[0].line == f"GET {target} HTTP/1.1"


@pytest.mark.parametrize(("door", "target"), [("gateway", "/v1/me"), ("contacts", HOOK)])
async def test_nobody_brings_an_identity_or_an_address_of_his_own(
    edge: Edge, processes: dict[str, Recorder], door: str, target: str
) -> None:
    forged = {
        "Kith-Identity": "forged",
        "KITH-IDENTITY": "forged too",
        "Kith_Identity": "forged as well",
        "Kith-Workspace": str(UUID(int=1)),
        "X-Real-IP": "10.0.0.1",
        "Forwarded": "for=10.0.0.1",
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Authorization": "Bearer kept",
        "X-Shopify-Hmac-Sha256": "kept=",
    }
    await edge.send(request("POST", target, forged, b"{}"))

    headers = processes[door].requests[0].headers
    assert not {name for name in headers if name.replace("_", "-").startswith("kith-")}
    assert not {"x-real-ip", "forwarded"} & set(headers)
    assert headers["x-forwarded-for"] == "10.0.0.1, 127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == "kith.example"
    assert headers["authorization"] == "Bearer kept"
    assert headers["x-shopify-hmac-sha256"] == "kept="


@pytest.mark.parametrize(("sent", "kept"), [("caller-chose:this.1", True), ("short", False), ("a b c d e f", False)])
async def test_a_request_has_one_id_on_all_its_way(
    edge: Edge, processes: dict[str, Recorder], sent: str, *, kept: bool
) -> None:
    _, headers, _ = await edge.send(request("GET", "/v1/me", {"X-Request-Id": sent}))

    passed_on = processes["gateway"].requests[0].headers["x-request-id"]
    assert (passed_on == sent) is kept
    assert headers["x-request-id"] == passed_on
    assert REQUEST_ID.fullmatch(passed_on)
    assert json.loads((await edge.lines(1))[0])["request_id"] == passed_on


@pytest.mark.parametrize(("target", "limit"), [(HOOK, MAX_BODY), ("/v1/orders/batch", 16 * 1024**2)])
async def test_a_body_that_is_too_large_is_refused_with_a_problem(
    edge: Edge, processes: dict[str, Recorder], target: str, limit: int
) -> None:
    head = f"POST {target} HTTP/1.1\r\nHost: kith.example\r\nContent-Length: {limit + 1}\r\n\r\n".encode()
    status, headers, body = await edge.send(head)

    assert status.startswith("HTTP/1.1 413")
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["status"] == 413
    assert json.loads(body)["request_id"] == headers["x-request-id"]
    assert not any(each.requests for each in processes.values())


async def test_the_largest_webhook_passes(edge: Edge, processes: dict[str, Recorder]) -> None:
    body = AWKWARD * (MAX_BODY // len(AWKWARD))
    await edge.send(request("POST", HOOK, body=body))
    assert processes["contacts"].requests[0].body == body


async def test_what_is_searched_for_stands_in_no_log(edge: Edge, processes: dict[str, Recorder]) -> None:
    await edge.send(request("GET", "/v1/people/lookup?email=ming%40mail.example&q=secret-word"))
    # Each of nginx's workers writes its line when it comes to it, after the answer: the order is not that of the calls.
    await edge.lines(1)
    await processes["gateway"].__aexit__(None, None, None)
    await edge.send(request("GET", "/v1/people/lookup?email=ming%40mail.example&q=secret-word"))

    lines = await edge.lines(2)
    assert not [line for line in lines if "mail.example" in line or "secret-word" in line or "lookup" in line]
    assert [json.loads(line)["door"] for line in lines] == ["gateway", "gateway"]
    assert [json.loads(line)["status"] for line in lines] == [200, 503]


async def test_each_piece_of_a_stream_passes_at_once(edge: Edge, processes: dict[str, Recorder]) -> None:
    read = asyncio.Queue[int]()

    async def stream(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(PIECES):
            writer.write(b"9\r\ndata: %d\n\n\r\n" % number)
            # The next piece is made only when somebody has read this one.
            assert await asyncio.wait_for(read.get(), PATIENCE_SECONDS) == number
        writer.write(b"0\r\n\r\n")

    processes["gateway"].answer = stream
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
    writer.write(request("GET", "/v1/stream"))
    for number in range(PIECES):
        await asyncio.wait_for(reader.readuntil(b"data: %d\n\n" % number), PATIENCE_SECONDS)
        await read.put(number)
    writer.close()


@pytest.mark.parametrize("target", ["/v1/me", HOOK])
async def test_without_any_process_the_answer_is_a_problem_that_invites_to_try_again(
    tmp_path: Path, target: str
) -> None:
    with Edge(tmp_path, {"gateway": [1], "contacts": [1]}) as edge:
        status, headers, body = await edge.send(request("POST", target, body=b"{}"))
        alive, _, _ = await edge.send(request("GET", "/edge/live"))

    assert status.startswith("HTTP/1.1 503")
    assert headers["retry-after"] == "1"
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(body)["request_id"] == headers["x-request-id"]
    assert alive == "HTTP/1.1 200 OK"


async def test_a_webhook_goes_to_another_replica_when_the_first_one_dies_with_it(
    processes: dict[str, Recorder], tmp_path: Path
) -> None:
    async def die(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    processes["contacts"].answer = die
    ports = [processes["contacts"].port, processes["contacts-2"].port]
    with Edge(tmp_path, {"gateway": [processes["gateway"].port], "contacts": ports}) as edge:
        answers = [await edge.send(request("POST", HOOK, body=b"%d" % number)) for number in range(4)]

    assert {status for status, _, _ in answers} == {"HTTP/1.1 200 OK"}
    assert [each.body for each in processes["contacts-2"].requests] == [b"0", b"1", b"2", b"3"]
    assert processes["contacts"].requests


async def test_a_write_is_never_sent_twice(processes: dict[str, Recorder], tmp_path: Path) -> None:
    async def die(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    for name in ("contacts", "contacts-2"):
        processes[name].answer = die
    ports = {"gateway": [processes["contacts"].port, processes["contacts-2"].port], "contacts": [1]}
    with Edge(tmp_path, ports) as edge:
        status, _, _ = await edge.send(request("POST", "/v1/people", body=b"{}"))

    assert status.startswith("HTTP/1.1 503")
    assert sum(len(each.requests) for each in processes.values()) == 1


async def test_the_same_with_a_certificate(processes: dict[str, Recorder], tmp_path: Path) -> None:
    trusted = make_certificate(tmp_path)
    ports = {"gateway": [processes["gateway"].port], "contacts": [processes["contacts"].port]}
    with Edge(tmp_path, ports, listen="listen-tls.conf") as edge:
        status, _, _ = await edge.send(request("POST", HOOK, body=AWKWARD), trusted)

    assert status == "HTTP/1.1 200 OK"
    assert processes["contacts"].requests[0].body == AWKWARD
    assert processes["contacts"].requests[0].headers["x-forwarded-proto"] == "https"
