"""Cutting files into records, however their pieces fall."""

import csv
import io
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contacts.imports.errors import FileUnreadable
from services.contacts.imports.forms import LineCounter
from services.contacts.imports.records import CsvRecords, Record, delimiter_of


async def cut(data: bytes, size: int = 1_000_000, start: int = 0, delimiter: str = ",") -> list[Record]:
    async def pieces() -> AsyncIterator[bytes]:
        for place in range(start, len(data), size):
            yield data[place : place + size]

    return [record async for record in CsvRecords(start, delimiter).read(pieces())]


def written(rows: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


FIELDS = st.text(alphabet='ab,"\n\r; 王\U0001f375', max_size=4)
ROWS = st.lists(st.lists(FIELDS, min_size=2, max_size=3), min_size=1, max_size=6)


@given(ROWS, st.integers(1, 9))
async def test_any_cut_into_pieces_gives_the_same_records(rows: list[list[str]], size: int) -> None:
    assert [record.values for record in await cut(written(rows), size)] == rows


@given(ROWS, st.integers(1, 9), st.integers(0, 5))
async def test_reading_goes_on_after_any_record(rows: list[list[str]], size: int, after: int) -> None:
    data = written(rows)
    records = await cut(data)
    place = records[min(after, len(records) - 1)].end
    assert [record.values for record in await cut(data, size, place)] == rows[min(after, len(records) - 1) + 1 :]


async def test_a_byte_order_mark_and_other_line_ends_and_delimiters_are_taken() -> None:
    records = await cut(b'\xef\xbb\xbfa;b\r\n1;"x\r\ny"\r\n\r\n2;z', 4, delimiter=delimiter_of(b"a;b,c;d\n"))
    assert [record.values for record in records] == [["a", "b"], ["1", "x\r\ny"], [], ["2", "z"]]
    assert delimiter_of(b"a,b;c,d\n;;;;") == ","
    assert delimiter_of(b"a\tb\n") == "\t"


async def test_one_bad_record_does_not_spoil_the_next() -> None:
    records = await cut(b'a,b\n"x"y,1\n\xff,2\nc,d\n', 3)
    assert [record.values for record in records] == [["a", "b"], None, None, ["c", "d"]]
    assert [bool(record.fault) for record in records] == [False, True, True, False]


async def test_a_quote_that_is_never_closed_ends_the_reading() -> None:
    with pytest.raises(FileUnreadable, match="quote is not closed"):
        await cut(b'a,b\n1,"' + b"x\n" * 700_000)
    with pytest.raises(FileUnreadable, match="too long"):
        await cut(b"a,b\n" + b"x" * 1_100_000)


@given(ROWS, st.integers(1, 9))
def test_lines_are_counted_outside_of_quotes(rows: list[list[str]], size: int) -> None:
    data, counter = written(rows), LineCounter()
    for place in range(0, len(data), size):
        counter.add(data[place : place + size])
    assert counter.total == len(rows)
