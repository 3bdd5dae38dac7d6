import asyncio
import contextlib
import socket

import httpx

from services.kit.web import create_app  # noqa: F401 - registers the request metrics
from services.kit.web.ops import ops_server


async def details() -> dict[str, object]:
    return {"service": "contacts", "failed": {}}


async def patient_get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    for _ in range(100):
        with contextlib.suppress(httpx.ConnectError):
            return await client.get(path)
        await asyncio.sleep(0.02)
    message = "the port never opened"
    raise TimeoutError(message)


async def test_the_operations_port_tells_metrics_and_details_and_closes_with_the_process() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
        ops_server("127.0.0.1", port, details),
    ):
        answer = await patient_get(client, "/health/details")
        assert answer.json() == {"service": "contacts", "failed": {}}
        assert "kith_http_request_seconds" in (await client.get("/metrics")).text
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


async def test_port_zero_opens_nothing() -> None:
    async with ops_server("127.0.0.1", 0, details):
        pass
