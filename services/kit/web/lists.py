"""Lists: keyset pages, sort keys, filters and cursors that fit only the list they came from."""

import base64
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, field_validator
from pydantic_core import CoreSchema

from services.kit.database import Session
from services.kit.problems import bad_parameter
from services.kit.web.schemas import MAX_IDS, Count
from services.kit.web.typed import strictly

if TYPE_CHECKING:
    import asyncpg

CURSOR_LENGTH = 2000
COUNT_CEILING = 10_000
MAC_BYTES = 12

SortType = Literal["text", "bigint", "timestamptz", "uuid", "float8", "date"]


class ListQuery(BaseModel):
    """The parameters every list takes; a list's own filters are added in a subclass."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's own signature
        """Take times only as they are written, not as seconds since 1970."""
        return strictly(handler(source), texts=True)

    limit: int = Field(50, ge=1, le=200, description="Rows on a page.")
    cursor: str | None = Field(None, max_length=CURSOR_LENGTH, description="`next_cursor` of the page before.")
    count: Literal["exact", "estimated"] | None = Field(None, description="Also count the rows that fit the filters.")
    ids: list[UUID] = Field(default_factory=list, max_length=MAX_IDS, description="Only rows with these ids.")

    @field_validator("*", mode="before")
    @classmethod
    def compose_letters(cls, value: object) -> object:
        """Return texts in NFC, as everything is stored."""
        if isinstance(value, str):
            return unicodedata.normalize("NFC", value)
        return [cls.compose_letters(entry) for entry in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class Sort:
    """One column that a list can be sorted by. Types are those whose operators stay index-backed under row security."""

    column: str
    type: SortType
    nullable: bool = False
    mirrored: bool = False
    """Ids ascend where values descend, and the other way round; so does the index: `column DESC, id`."""


Part = Literal["valued", "ties", "beyond", "nulls"]
"""Rows with a sort value; rows that share the cursor's value; rows past it; rows without a value."""


@dataclass(slots=True)
class Where:
    """Conditions of a list and their arguments; `{}` in a condition becomes the next parameter."""

    conditions: list[str] = field(default_factory=list)
    args: list[object] = field(default_factory=list)

    def add(self, condition: str, *args: object) -> "Where":
        """Add a condition, for example `add("p.owner_rep_id = any({})", ids)`."""
        numbers = [f"${len(self.args) + place}" for place in range(1, len(args) + 1)]
        self.conditions.append(condition.format(*numbers))
        self.args.extend(args)
        return self

    def copy(self) -> "Where":
        """Return an independent copy."""
        return Where(list(self.conditions), list(self.args))

    @property
    def sql(self) -> str:
        """The conditions joined by AND."""
        return " AND ".join(self.conditions) or "true"


@dataclass(frozen=True, slots=True)
class Binding:
    """What a cursor belongs to: workspace, path and filters. Signs cursors so that no other list takes them."""

    key: bytes
    scope: bytes

    def seal(self, sort: str, values: Sequence[object]) -> str:
        """Return a cursor for the last row of a page."""
        payload = orjson.dumps([sort, *values])
        return base64.urlsafe_b64encode(self._mac(payload) + payload).decode().rstrip("=")

    def open(self, cursor: str, sort: str) -> list[Any]:
        """Return the values in a cursor; a problem naming the parameter if it is foreign or damaged."""
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            mac, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
            values: list[Any] = orjson.loads(payload) if hmac.compare_digest(mac, self._mac(payload)) else []
        except ValueError:
            values = []
        if not values or values[0] != sort:
            raise bad_parameter("cursor", "The cursor does not belong to this list with these filters and this sort.")
        return values[1:]

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self.key, self.scope + b"\0" + payload, "sha256")[:MAC_BYTES]


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of database rows."""

    items: "list[asyncpg.Record]"
    next_cursor: str | None
    count: Count | None


class Listing:
    """A list over one table or join: its columns, its sort keys, its order."""

    def __init__(self, *, columns: str, source: str, sorts: Mapping[str, Sort], id_column: str) -> None:
        """Take SQL pieces written by us, never by a client.

        `columns` are what is selected, `source` is what follows FROM, `sorts` maps the API's sort names to columns,
        `id_column` breaks ties and must be unique within the workspace.
        """
        self.columns = columns
        self.source = source
        self.sorts = sorts
        self.id_column = id_column

    async def fetch(self, session: Session, where: Where, query: ListQuery, bound: Binding, *, sort: str) -> Rows:
        """Return a page; `sort` is the API's name with an optional leading minus, nulls come last both ways."""
        if query.ids:
            where = where.copy().add(f"{self.id_column} = any({{}}::uuid[])", query.ids)
        after = bound.open(query.cursor, sort) if query.cursor else None
        rows = await self._rows(session, where, sort, after, query.limit + 1)
        count = await self._count(session, where, query.count)
        if len(rows) <= query.limit:
            return Rows(rows, None, count)
        rows = rows[: query.limit]
        last = rows[-1]
        return Rows(rows, bound.seal(sort, [cursor_value(last["sort_key"]), str(last["sort_id"])]), count)

    async def _rows(
        self, session: Session, where: Where, sort: str, after: list[Any] | None, limit: int
    ) -> "list[asyncpg.Record]":
        """Read one part after the other until the page is full: each is a plain index range."""
        rows: list[asyncpg.Record] = []
        for part in self._parts(sort, after):
            if len(rows) < limit:
                sql, args = self.statement(where, sort, after, limit - len(rows), part=part)
                rows += await session.fetch(sql, *args)
        return rows

    def _parts(self, sort: str, after: list[Any] | None) -> list[Part]:
        """Return what is left to read. No row comparison fits values and ids that go opposite ways: ties come first."""
        key = self.sorts[sort.removeprefix("-")]
        parts: list[Part] = ["ties", "beyond"] if after and key.mirrored else ["valued"]
        if after and after[0] is None:
            parts = []
        return [*parts, "nulls"] if key.nullable else parts

    def statement(
        self, where: Where, sort: str, after: list[Any] | None, limit: int, *, part: Part = "valued"
    ) -> tuple[str, list[object]]:
        """Return the statement of one part of a page and its arguments."""
        key = self.sorts[sort.removeprefix("-")]
        down = sort.startswith("-")
        rows = where.copy()
        if key.nullable:
            rows.add(f"{key.column} IS {'' if part == 'nulls' else 'NOT '}NULL")
        if after:
            self._go_on(rows, key, after, part, down=down)
        way, id_way = "DESC" if down else "ASC", "DESC" if down != key.mirrored else "ASC"
        rows.args.append(limit)
        sql = (
            f"SELECT {self.columns}, {key.column} AS sort_key, {self.id_column} AS sort_id FROM {self.source}"
            f" WHERE {rows.sql} ORDER BY {key.column} {way}, {self.id_column} {id_way} LIMIT ${len(rows.args)}"
        )
        return sql, rows.args

    def _go_on(self, rows: Where, key: Sort, after: list[Any], part: Part, *, down: bool) -> None:
        """Leave out what earlier pages held; a row with a value lies before all rows without one."""
        way, id_way = "<" if down else ">", "<" if down != key.mirrored else ">"
        value, row_id = after[0] if after[0] is None else sql_value(after[0], key.type), UUID(after[1])
        match part:
            case "valued":
                rows.add(f"({key.column}, {self.id_column}) {way} ({{}}::{key.type}, {{}}::uuid)", value, row_id)
            case "ties":
                rows.add(f"{key.column} = {{}}::{key.type} AND {self.id_column} {id_way} {{}}::uuid", value, row_id)
            case "beyond":
                rows.add(f"{key.column} {way} {{}}::{key.type}", value)
            case "nulls" if value is None:
                rows.add(f"{self.id_column} {id_way} {{}}::uuid", row_id)

    async def _count(self, session: Session, where: Where, kind: str | None) -> Count | None:
        """Count exactly, or stop at a ceiling where an estimate will do."""
        if kind is None:
            return None
        ceiling = "" if kind == "exact" else f" LIMIT {COUNT_CEILING + 1}"
        value: int = await session.fetchval(
            f"SELECT count(*) FROM (SELECT 1 FROM {self.source} WHERE {where.sql}{ceiling}) AS fits",
            *where.args,
        )
        return Count(value=value, kind="exact" if kind == "exact" or value <= COUNT_CEILING else "estimated")


def cursor_value(value: object) -> object:
    """Return a sort value as JSON can hold it."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def sql_value(value: Any, kind: SortType) -> object:  # noqa: ANN401 - any JSON scalar
    """Return a cursor's value as the driver wants it."""
    match kind:
        case "timestamptz":
            return datetime.fromisoformat(value)
        case "date":
            return date.fromisoformat(value)
        case "uuid":
            return UUID(value)
    return value
