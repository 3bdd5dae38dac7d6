"""What can be done with imports: accept a file, list, read, show what was wrong."""

import csv
import io
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import ValidationError

from services.contacts.imports.errors import FileMissing
from services.contacts.imports.forms import FormReader, Upload
from services.contacts.imports.repository import ImportsRepository
from services.contacts.imports.schemas import JOB_KIND, ImportCreate
from services.kit.clock import Clock
from services.kit.database import Session
from services.kit.jobs import enqueue
from services.kit.problems import NotFound, invalid_body
from services.kit.web.batches import explain_item

if TYPE_CHECKING:
    import asyncpg

BUILT_IN = frozenset({"import", "manual"})
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to spreadsheets."""

Write = Callable[[], AbstractAsyncContextManager[Session]]


class Imports:
    """The verbs on imports."""

    def __init__(self, rows: ImportsRepository, clock: Clock, max_bytes: int) -> None:
        self.rows = rows
        self._clock = clock
        self._max_bytes = max_bytes

    async def receive(self, write: Write, import_id: UUID, content_type: str, stream: AsyncIterator[bytes]) -> Upload:
        """Store the file of a form piece by piece, each in a transaction of its own: an upload may take long."""

        async def store(start: int, piece: bytes) -> None:
            async with write() as session:
                await self.rows.store_piece(session, import_id, start, piece)

        return await FormReader(content_type, store, self._max_bytes).read(stream)

    async def accept(self, session: Session, import_id: UUID, upload: Upload) -> None:
        """Begin to take a complete file in; Invalid where the form does not fit."""
        if upload.size == 0:
            raise FileMissing
        order = order_in(upload)
        if order.source not in BUILT_IN and await self.rows.source_id(session, order.source) is None:
            raise invalid_body("#/source", f"There is no source {order.source}.", "unknown_source")
        values = {
            **order.model_dump(exclude={"mapping"}),
            "mapping": order.mapping or {},
            "file_name": upload.file_name,
            "size_bytes": upload.size,
            "lines": upload.lines,
            "sha256": upload.sha256,
        }
        await self.rows.insert(session, import_id, values, self._clock.now())
        await enqueue(session, JOB_KIND, {}, title=f"Import of {order.kind}", job_id=import_id)

    async def discard(self, write: Write, import_id: UUID) -> None:
        """Forget what was stored of a file that is not taken in."""
        async with write() as session:
            await self.rows.drop_pieces(session, import_id)

    async def read(self, session: Session, import_id: UUID) -> "asyncpg.Record":
        """Return an import."""
        row = await self.rows.read(session, import_id)
        if row is None:
            raise NotFound
        return row

    async def faults(self, session: Session, import_id: UUID) -> bytes:
        """Return what was wrong with which row, as CSV."""
        await self.read(session, import_id)
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(["row", "column", "code", "message", "external_id"])
        for row in await self.rows.faults(session, import_id):
            writer.writerow([harmless(value) for value in row.values()])
        return out.getvalue().encode()


def order_in(upload: Upload) -> ImportCreate:
    """Return what the fields of a form say; Invalid names each that does not fit."""
    try:
        return ImportCreate.model_validate(upload.fields)
    except ValidationError as error:
        raise explain_item(error, upload.fields) from error


def harmless(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
