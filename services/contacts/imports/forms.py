"""Reading a form with a large file as a stream: the file goes on in pieces, nothing is kept in memory or on disk."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from services.kit.problems import BadRequest, TooLarge, UnsupportedMediaType

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

PIECE = 1_048_576
MAX_FIELD = 65_536
MAX_FIELDS = 20
FILE = "file"

Store = Callable[[int, bytes], Awaitable[None]]
"""Keeps a piece of the file that starts at a byte."""


@dataclass(slots=True)
class Upload:
    """What a form held."""

    fields: dict[str, str] = field(default_factory=dict)
    file_name: str | None = None
    size: int = 0
    lines: int = 0
    """Line ends outside of quotes, an unfinished last line counted too."""
    sha256: str = ""


@dataclass(slots=True)
class Part:
    """The part of the form that is being read."""

    name: str = ""
    file_name: str | None = None
    data: bytearray = field(default_factory=bytearray)


class LineCounter:
    """Counts line ends outside of quotes over pieces."""

    def __init__(self) -> None:
        self._quoted = False
        self._open = False
        self._count = 0

    def add(self, piece: bytes) -> None:
        """Count on through the next piece."""
        parts = piece.split(b'"')
        outside = parts[1::2] if self._quoted else parts[::2]
        self._count += sum(part.count(b"\n") for part in outside)
        self._quoted ^= len(parts) % 2 == 0
        self._open = not piece.endswith(b"\n")

    @property
    def total(self) -> int:
        """The number of lines, an unfinished last one included."""
        return self._count + self._open


class FormReader:
    """Reads one form."""

    def __init__(self, content_type: str, store: Store, max_bytes: int) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise UnsupportedMediaType("Send multipart/form-data.", headers={"Accept": "multipart/form-data"})
        self.upload = Upload()
        self._store = store
        self._max_bytes = max_bytes
        self._part = Part()
        self._header = bytearray()
        self._value = bytearray()
        self._hash = hashlib.sha256()
        self._lines = LineCounter()
        self._stored = 0
        self._complete = False
        self._parser = MultipartParser(options[b"boundary"], self._callbacks())

    async def read(self, stream: AsyncIterator[bytes]) -> Upload:
        """Read the whole form; TooLarge as soon as the file is too long, BadRequest for what is no form."""
        try:
            async for chunk in stream:
                self._parser.write(chunk)
                await self._pass_on(at_least=PIECE)
        except FormParserError as error:
            raise BadRequest("The form cannot be read.") from error
        if not self._complete:
            raise BadRequest("The form ends too early.")
        await self._pass_on(at_least=1)
        self.upload.lines = self._lines.total
        self.upload.sha256 = self._hash.hexdigest()
        return self.upload

    async def _pass_on(self, at_least: int) -> None:
        waiting = self._file
        while len(waiting) >= at_least:
            piece = bytes(waiting[:PIECE])
            del waiting[:PIECE]
            self._hash.update(piece)
            self._lines.add(piece)
            await self._store(self._stored, piece)
            self._stored += len(piece)

    def _callbacks(self) -> "MultipartCallbacks":
        self._file = bytearray()
        return {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_end": self._form_end,
        }

    def _form_end(self) -> None:
        self._complete = True

    def _begin(self) -> None:
        self._part = Part()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            self._part.name = options.get(b"name", b"").decode("utf-8", "replace")
            if b"filename" in options:
                self._part.file_name = options[b"filename"].decode("utf-8", "replace")
        self._header.clear()
        self._value.clear()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name != FILE:
            self._part.data += data[start:end]
            if len(self._part.data) > MAX_FIELD:
                raise TooLarge(f"The field {self._part.name} is too long.")
            return
        self._file += data[start:end]
        self.upload.size += end - start
        if self.upload.size > self._max_bytes:
            raise TooLarge(f"A file has at most {self._max_bytes} bytes here.")

    def _end(self) -> None:
        if self._part.name == FILE:
            self.upload.file_name = plain_name(self._part.file_name)
            return
        if len(self.upload.fields) >= MAX_FIELDS:
            raise BadRequest("The form has too many fields.")
        try:
            self.upload.fields[self._part.name] = self._part.data.decode()
        except UnicodeDecodeError as error:
            raise BadRequest("A field of the form is not UTF-8.") from error


def plain_name(name: str | None) -> str | None:
    """Return a file's name without folders and characters that cannot be shown, at most 255 long."""
    if not name:
        return None
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:255] or None
