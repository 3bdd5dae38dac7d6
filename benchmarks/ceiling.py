"""The bare program that Kith is measured against: Starlette, a signature check, one durable insert of the same body.

Beside it a list: the very statement that Kith runs for a page of people, its rows answered as they are.

`python -m benchmarks.ceiling PORT DSN` serves it. Nothing in it is tuned beyond what anybody would write.
"""

import base64
import hashlib
import hmac
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.contacts.people.repository import PEOPLE, filtered
from services.kit.database import prepare_connection
from services.kit.ids import new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEY = b"benchmark-secret"
TABLES = """
DROP TABLE IF EXISTS ceiling_bodies;
CREATE TABLE ceiling_bodies (id uuid PRIMARY KEY, body bytea NOT NULL, at timestamptz NOT NULL DEFAULT now());
"""
PAGE = 50


def list_statement(workspace_id: UUID) -> tuple[str, list[object]]:
    """Return Kith's statement for the first page of people; the workspace, which row security adds there, stands in it.

    One row more than a page shows whether there is a next one.
    """
    where = filtered(deleted=False).add("c.workspace_id = {}", workspace_id)
    return PEOPLE.statement(where, "-created_at", None, PAGE + 1)


def signature(body: bytes) -> bytes:
    """Return the Shopify signature of a body under the benchmark's secret."""
    return base64.b64encode(hmac.new(KEY, body, hashlib.sha256).digest())


class Ceiling:
    """Three routes: a signed insert, a plain insert, a list of fifty."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool[asyncpg.Record]
        self._contacts: asyncpg.Pool[asyncpg.Record]

    def app(self) -> Starlette:
        """Return the application."""
        routes = [
            Route("/signed", self.signed, methods=["POST"]),
            Route("/insert", self.insert, methods=["POST"]),
            Route("/people", self.people),
            Route("/ready", self.ready),
        ]
        return Starlette(routes=routes, lifespan=self.lifespan)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> "AsyncIterator[None]":
        """Open the pool and make the tables."""
        del app
        reading = asyncpg.create_pool(
            self._dsn,
            min_size=0,
            max_size=16,
            init=prepare_connection,
            server_settings={"search_path": "contacts,pg_catalog", "jit": "off"},
        )
        async with asyncpg.create_pool(self._dsn, min_size=16, max_size=16) as self._pool, reading as self._contacts:
            await self._pool.execute(TABLES)
            yield

    async def signed(self, request: Request) -> Response:
        """Check the signature and store the body; answer after the commit."""
        body = await request.body()
        given = request.headers.get("x-shopify-hmac-sha256", "").encode()
        if not hmac.compare_digest(signature(body), given):
            return Response(status_code=401)
        return await self.store(body)

    async def insert(self, request: Request) -> Response:
        """Parse a JSON body and store it."""
        body = await request.body()
        orjson.loads(body)
        return await self.store(body)

    async def store(self, body: bytes) -> Response:
        """Insert one row, durably."""
        await self._pool.execute("INSERT INTO ceiling_bodies (id, body) VALUES ($1, $2)", new_id(), body)
        return Response(b'{"status":"accepted"}', media_type="application/json")

    async def people(self, request: Request) -> Response:
        """Run the prepared list statement and answer its rows."""
        sql, args = list_statement(UUID(request.query_params["workspace"]))
        items = [dict(row) for row in await self._contacts.fetch(sql, *args)]
        return Response(orjson.dumps({"items": items}, default=str), media_type="application/json")

    async def ready(self, _: Request) -> Response:
        """Say that the program is up."""
        return Response(b"ok")


if __name__ == "__main__":
    port, dsn = int(sys.argv[1]), sys.argv[2]
    uvicorn.run(
        Ceiling(dsn).app(),
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
