"""Cutting a file into records as it comes in pieces; each knows where it ends, so that a restart goes on there."""

import csv
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from services.contacts.imports.errors import FileUnreadable

MAX_RECORD = 1_048_576
BOM = b"\xef\xbb\xbf"
DELIMITERS = (",", ";", "\t")
csv.field_size_limit(2 * MAX_RECORD)  # our own limit ends the reading first: what follows an open quote is no row


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a CSV file: its fields, or why it has none."""

    start: int
    end: int
    """Bytes from the beginning of the file."""
    values: list[str] | None
    fault: str | None = None


class NeedMore(Exception):
    """The record goes on in the next piece."""


class CsvRecords:
    """Cuts CSV (RFC 4180) into records: quoted line ends, doubled quotes, any line end."""

    def __init__(self, start: int, delimiter: str = ",") -> None:
        self.delimiter = delimiter
        self._place = start
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self._ended = False

    async def read(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[Record]:
        """Yield the records of a file; FileUnreadable for a record that does not end."""
        async for piece in pieces:
            self._add(piece)
            for record in self._complete():
                yield record
        self._end()
        for record in self._complete():
            yield record

    def _add(self, piece: bytes) -> None:
        if self._place == 0 and not self._lines and not self._rest and piece.startswith(BOM):
            self._place = len(BOM)
            piece = piece[len(BOM) :]
        *lines, self._rest = (self._rest + piece).split(b"\n")
        self._lines.extend(line + b"\n" for line in lines)
        if len(self._rest) > MAX_RECORD:
            raise FileUnreadable(f"The line after byte {self._place} is too long.")

    def _end(self) -> None:
        if self._rest:
            self._lines.append(self._rest)
        self._rest = b""
        self._ended = True

    def _complete(self) -> Iterator[Record]:
        while self._lines:
            record = self._next()
            if record is None:
                return
            yield record

    def _next(self) -> Record | None:
        taken: list[bytes] = []
        values: list[str] | None = None
        fault: str | None = None
        try:
            values = next(csv.reader(self._feed(taken), delimiter=self.delimiter, strict=True))
        except NeedMore:
            self._lines.extendleft(reversed(taken))
            if sum(map(len, taken)) > MAX_RECORD:
                raise FileUnreadable(
                    f"The record after byte {self._place} does not end: a quote is not closed."
                ) from None
            return None
        except UnicodeDecodeError:
            fault = "The record is not UTF-8."
        except csv.Error as error:
            fault = f"The record is not CSV: {error}."
        start = self._place
        self._place += sum(map(len, taken))
        return Record(start, self._place, values, fault)

    def _feed(self, taken: list[bytes]) -> Iterator[str]:
        while self._lines:
            taken.append(self._lines.popleft())
            yield taken[-1].decode()
        if not self._ended:
            raise NeedMore


def delimiter_of(header: bytes) -> str:
    """Return what separates the names of a header line: a comma, unless a semicolon or tab stands there more often."""
    line = header.removeprefix(BOM).split(b"\n", 1)[0].decode("utf-8", "replace")
    return max(DELIMITERS, key=line.count)
