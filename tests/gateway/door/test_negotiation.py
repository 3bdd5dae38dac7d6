"""Accept and Accept-Encoding as RFC 9110 reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.door.negotiation import ENCODINGS, accepts, encoding_for, weighed

JSON = frozenset({b"application/json"})


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, True),
        (b"", False),
        (b"*/*", True),
        (b"application/json", True),
        (b"Application/JSON; charset=utf-8", True),
        (b"application/*;q=0.1", True),
        (b"text/html, application/xhtml+xml, */*;q=0.8", True),
        (b"text/html", False),
        (b"application/json;q=0", False),
        (b"application/json;q=0, */*", False),
        (b"application/json;q=0.0, text/plain", False),
        (b"application/xml, application/*;q=0", False),
    ],
)
def test_a_media_type_is_wanted_by_its_most_specific_range(header: bytes | None, *, wanted: bool) -> None:
    assert accepts(header, JSON) is wanted


def test_an_answer_without_a_body_suits_everybody() -> None:
    assert accepts(b"text/html", frozenset())


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        (None, None),
        (b"", None),
        (b"identity", None),
        (b"gzip", b"gzip"),
        (b"br", b"br"),
        (b"GZIP", b"gzip"),
        (b"gzip, deflate, br, zstd", b"zstd"),
        (b"gzip;q=1.0, br;q=0.9, zstd;q=0", b"gzip"),
        (b"gzip;q=0.5, br;q=0.8", b"br"),
        (b"gzip;q=0", None),
        (b"*", b"zstd"),
        (b"*;q=0", None),
        (b"zstd;q=0, *", b"br"),
        (b"identity;q=1, gzip;q=0.5", None),
        (b"identity;q=0.5, gzip;q=0.5", b"gzip"),
        (b"compress, deflate", None),
        (b"gzip;q=nan, br;q=x", b"br"),
        (b"gzip;level=9;q=0.5", b"gzip"),
    ],
)
def test_the_encoding_is_the_one_the_caller_likes_best(header: bytes | None, encoding: bytes | None) -> None:
    assert encoding_for(header) == encoding


@given(st.binary(max_size=80))
def test_whatever_comes_is_read_as_something(header: bytes) -> None:
    assert encoding_for(header) in (None, *ENCODINGS)
    assert accepts(header, JSON) in (True, False)
    assert all(0 <= weight <= 1 for _, weight in weighed(header))
