"""Taking a file of orders in: in chunks, each a transaction with its progress in it; a restart goes on there."""

import contextlib
import unicodedata
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from services.contacts.imports.errors import FileUnreadable
from services.contacts.imports.faults import RowFault
from services.contacts.imports.order_rows import Row, Settings, order_of
from services.contacts.imports.records import CsvRecords, Record, delimiter_of
from services.contacts.imports.repository import ImportsRepository
from services.contacts.imports.schemas import COLUMNS
from services.contacts.orders.facts import OrderFact
from services.contacts.orders.intake import AppliedOrder, OrderIntake
from services.kit.database import Session
from services.kit.jobs import JobContext
from services.kit.problems import NotFound

ROWS_AT_ONCE = 2000
REFUSED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""What the database does not take, whatever the reason: it fails its own order only."""


@dataclass(slots=True)
class Progress:
    """How far a file is taken in; kept in the job's state."""

    place: int = 0
    """Everything before this byte is done."""
    row: int = 0
    """Number of the last row that is done, blank ones counted, as a spreadsheet shows it."""
    names: list[str] = field(default_factory=list)
    delimiter: str = ","
    counts: dict[str, int] = field(default_factory=dict)
    done: int = 0
    failed: int = 0
    skipped: int = 0

    def count(self, outcome: str) -> None:
        """Count one order more."""
        self.counts[outcome] = self.counts.get(outcome, 0) + 1


@dataclass(slots=True)
class Chunk:
    """Orders that are taken in together, each with its rows."""

    size: int
    """How many orders it holds at most."""
    orders: dict[str, list[Row]] = field(default_factory=dict)
    faults: list[tuple[RowFault, str | None]] = field(default_factory=list)
    rows: int = 0
    end: int = 0
    """Byte of the file after its last record."""
    last_row: int = 0

    @property
    def is_full(self) -> bool:
        """Tell whether the next order belongs to the next chunk."""
        return len(self.orders) >= self.size or self.rows >= ROWS_AT_ONCE

    def add(self, record: Record, number: int, names: Sequence[str]) -> bool:
        """Add a record; False where it begins an order that belongs to the next chunk."""
        try:
            row = row_of(record, number, names)
        except RowFault as fault:
            self.faults.append((fault, None))
            row = None
            self.rows += 1
        if row is not None:
            name = row.values["external_id"]
            if name not in self.orders and self.is_full:
                return False
            self.orders.setdefault(name, []).append(row)
            self.rows += 1
        self.end, self.last_row = record.end, number
        return True


class RolledBack(Exception):
    """A trial is over: nothing of it stays."""


class Importer:
    """Runs imports."""

    def __init__(self, rows: ImportsRepository, intake: OrderIntake, orders_at_once: int) -> None:
        self._rows = rows
        self._intake = intake
        self._orders_at_once = orders_at_once

    async def run(self, job: JobContext) -> None:
        """Take a file in; `failed` and `skipped` count rows, the result counts orders."""
        async with job.write() as session:
            order = await self._rows.read(session, job.id)
            if order is None:
                raise NotFound("The import is gone.")
            settings = await self._settings(session, order)
        progress = Progress(**job.state) if job.state else await self._begin(job, order["mapping"])
        chunk = Chunk(self._orders_at_once, end=progress.place, last_row=progress.row)
        number = progress.row
        async for record in CsvRecords(progress.place, progress.delimiter).read(self._pieces(job, progress.place)):
            number += 1
            if not chunk.add(record, number, progress.names):
                await self._take(job, order, settings, chunk, progress)
                chunk = Chunk(self._orders_at_once)
                chunk.add(record, number, progress.names)
        await self._take(job, order, settings, chunk, progress, last=True)
        job.errors_url = f"/v1/imports/{job.id}/errors" if progress.failed else None
        job.result = {"orders": sum(progress.counts.values()), **progress.counts}
        async with job.write() as session:
            await self._rows.drop_pieces(session, job.id)

    async def _begin(self, job: JobContext, mapping: Mapping[str, str]) -> Progress:
        """Read the header; FileUnreadable where it names no order."""
        async with job.write() as session:
            delimiter = delimiter_of(await self._rows.piece_at(session, job.id, 0))
        number = 0
        async for record in CsvRecords(0, delimiter).read(self._pieces(job, 0)):
            number += 1
            if record.values == []:
                continue
            names = [mapping.get(name.strip(), name.strip()) for name in record.values or ()]
            if "external_id" not in names:
                raise FileUnreadable("The first row must name the columns; `external_id` is not among them.")
            return Progress(place=record.end, row=number, names=names, delimiter=delimiter)
        raise FileUnreadable("The file has no header.")

    async def _pieces(self, job: JobContext, place: int) -> AsyncIterator[bytes]:
        while True:
            async with job.database.read(job.workspace_id) as session:
                piece = await self._rows.piece_at(session, job.id, place)
            if not piece:
                return
            yield piece
            place += len(piece)

    async def _settings(self, session: Session, order: "asyncpg.Record") -> Settings:
        workspace = await self._rows.workspace(session)
        return Settings(
            source=order["source"],
            source_id=await self._rows.source_id(session, order["source"]),
            effects=order["effects"],
            zone=ZoneInfo(workspace["time_zone"] if workspace else "UTC"),
            currency=workspace["reporting_currency"] if workspace else None,
            region=workspace["default_region"] if workspace else None,
        )

    async def _take(
        self,
        job: JobContext,
        order: "asyncpg.Record",
        settings: Settings,
        chunk: Chunk,
        progress: Progress,
        *,
        last: bool = False,
    ) -> None:
        """Take a chunk in and note how far we are, both or neither."""
        facts = self._facts(chunk, settings)
        async with job.write() as session:
            applied = await self._apply(session, order, facts, chunk)
            note(progress, chunk, facts, applied)
            progress.place, progress.row = chunk.end, chunk.last_row
            if chunk.faults:
                await self._rows.add_faults(session, job.id, [fault_row(*fault) for fault in chunk.faults])
            handled = progress.done + progress.failed + progress.skipped
            await job.progress(
                progress.done,
                handled if last else max(order["lines"] - 1, handled),
                failed=progress.failed,
                skipped=progress.skipped,
                state=asdict(progress),
                session=session,
            )

    def _facts(self, chunk: Chunk, settings: Settings) -> dict[str, OrderFact]:
        """Return the order that each group of rows describes; what does not fit becomes a fault."""
        facts: dict[str, OrderFact] = {}
        for name, rows in chunk.orders.items():
            try:
                facts[name] = order_of(rows, settings)
            except RowFault as fault:
                chunk.faults.append((fault, name))
        return facts

    async def _apply(
        self, session: Session, order: "asyncpg.Record", facts: dict[str, OrderFact], chunk: Chunk
    ) -> dict[str, AppliedOrder]:
        """Apply facts; of a trial nothing stays. Orders that `create_only` leaves alone are missing in the answer."""
        known: set[str] = set()
        if order["mode"] == "create_only" and facts:
            known = await self._rows.known_orders(session, order["source"], list(facts))
        wanted = [(name, fact) for name, fact in facts.items() if name not in known]
        if not order["dry_run"]:
            return await self._divide(session, wanted, chunk)
        found: dict[str, AppliedOrder] = {}
        with contextlib.suppress(RolledBack):
            async with session.savepoint():
                found = await self._divide(session, wanted, chunk)
                raise RolledBack
        return found

    async def _divide(
        self, session: Session, wanted: Sequence[tuple[str, OrderFact]], chunk: Chunk
    ) -> dict[str, AppliedOrder]:
        """Apply facts; where the database refuses them, halve until the order that it refuses is alone."""
        if not wanted:
            return {}
        try:
            async with session.savepoint():
                applied = await self._intake.apply(session, session.tenant, [fact for _, fact in wanted])
            return {name: one for (name, _), one in zip(wanted, applied, strict=True)}
        except REFUSED as error:
            name = wanted[0][0]
            if len(wanted) == 1:
                number = chunk.orders[name][0].number
                fault = RowFault(number, None, "not_storable", f"The order cannot be stored ({type(error).__name__}).")
                chunk.faults.append((fault, name))
                return {}
        middle = len(wanted) // 2
        first = await self._divide(session, wanted[:middle], chunk)
        return first | await self._divide(session, wanted[middle:], chunk)


def row_of(record: Record, number: int, names: Sequence[str]) -> Row | None:
    """Return a record by our column names, None for a blank one; RowFault for what is no row of ours."""
    if record.values is None:
        raise RowFault(number, None, "unreadable", record.fault or "The record cannot be read.")
    if len(record.values) > len(names) and any(record.values[len(names) :]):
        raise RowFault(number, None, "too_many_fields", "The row has more fields than the header.")
    values = {
        name: unicodedata.normalize("NFC", value.strip())
        for name, value in zip(names, record.values, strict=False)
        if name in COLUMNS and value.strip()
    }
    if not values:
        return None
    bad = next((name for name, value in values.items() if "\x00" in value), None)
    if bad:
        raise RowFault(number, bad, "bad_character", "The field holds NUL.")
    external_id = values.get("external_id")
    if not external_id or len(external_id) > 255:  # noqa: PLR2004 - as every external id
        raise RowFault(number, "external_id", "required", "A row needs an external_id of 1 to 255 characters.")
    return Row(number, values)


def note(progress: Progress, chunk: Chunk, facts: Mapping[str, OrderFact], applied: Mapping[str, AppliedOrder]) -> None:
    """Count what became of the rows and orders of a chunk."""
    failed = {name for _, name in chunk.faults if name}
    progress.failed += sum(name is None for _, name in chunk.faults)
    for name, rows in chunk.orders.items():
        if name in failed or name not in facts:
            progress.failed += len(rows)
            progress.count("failed")
        elif name not in applied or applied[name].outcome in {"unchanged", "stale"}:
            progress.skipped += len(rows)
            progress.count(applied[name].outcome if name in applied else "unchanged")
        else:
            progress.done += len(rows)
            progress.count(applied[name].outcome)


def fault_row(fault: RowFault, external_id: str | None) -> dict[str, Any]:
    """Return a fault as the table keeps it."""
    return {
        "row_number": fault.number,
        "column_name": fault.column,
        "code": fault.code,
        "message": fault.message,
        "external_id": external_id,
    }
