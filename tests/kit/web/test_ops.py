import socket

import httpx

from services.kit.web import create_app  # noqa: F401 - registers the request metrics
from services.kit.web.ops import ops_server
from tests.waiting import until

HERE = "127.0.0.4"
"""An address of this machine's that nobody else uses: a port of it that is free stays free."""


async def details() -> dict[str, object]:
    return {"service": "contacts", "failed": {}}


async def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HERE, port)) == 0


async def test_the_operations_port_tells_metrics_and_details_and_closes_with_the_process() -> None:
    with socket.socket() as free:
        free.bind((HERE, 0))
        port = free.getsockname()[1]
    async with (
        httpx.AsyncClient(base_url=f"http://{HERE}:{port}", timeout=60) as client,
        ops_server(HERE, port, details),
    ):
        await until(lambda: is_open(port))
        answer = await client.get("/health/details")
        assert answer.json() == {"service": "contacts", "failed": {}}
        assert "kith_http_request_seconds" in (await client.get("/metrics")).text
    assert not await is_open(port)


async def test_port_zero_opens_nothing() -> None:
    async with ops_server(HERE, 0, details):
        pass
