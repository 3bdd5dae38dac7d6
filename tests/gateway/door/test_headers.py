"""Headers of one hop stay on that hop; what the door states cannot be stated by a caller."""

import pytest

from gateway.door.headers import (
    client_address,
    forwarded,
    has_two,
    inwards,
    outwards,
)


def test_a_service_gets_the_headers_that_matter_to_it() -> None:
    kept = [
        (b"accept-language", b"zh-Hant"),
        (b"content-type", b"application/json"),
        (b"idempotency-key", b"k1"),
        (b"if-match", b'"v1"'),
        (b"tracestate", b"a=b"),
    ]
    assert inwards(kept, keep_credentials=False) == kept


@pytest.mark.parametrize(
    "name",
    [b"kith-identity", b"x-request-id", b"authorization", b"cookie", b"x-forwarded-for", b"transfer-encoding", b"host"],
)
def test_a_service_never_gets_a_callers_copy_of(name: bytes) -> None:
    assert inwards([(name, b"x")], keep_credentials=False) == []


def test_a_platforms_own_credentials_reach_the_webhook() -> None:
    headers = [(b"authorization", b"Basic eDp5"), (b"kith-identity", b"forged"), (b"x-shopify-hmac-sha256", b"c2ln")]
    assert inwards(headers, keep_credentials=True) == [headers[0], headers[2]]


def test_what_connection_names_is_for_one_hop_only() -> None:
    headers = [(b"connection", b"close, X-Private"), (b"x-private", b"1"), (b"accept", b"*/*")]
    assert inwards(headers, keep_credentials=False) == [(b"accept", b"*/*")]
    assert outwards([(b"Connection", b"X-Private"), (b"X-Private", b"1"), (b"ETag", b'"v1"')]) == [(b"etag", b'"v1"')]


def test_answers_lose_what_the_door_says_itself() -> None:
    inner = [(b"Server", b"uvicorn"), (b"X-Request-Id", b"x"), (b"Access-Control-Allow-Origin", b"*"), (b"Vary", b"A")]
    assert outwards(inner) == [(b"vary", b"A")]


@pytest.mark.parametrize(
    ("claimed", "hops", "address"),
    [
        (None, 1, "10.0.0.9"),
        (b"203.0.113.7", 0, "10.0.0.9"),
        (b"203.0.113.7", 1, "203.0.113.7"),
        (b"6.6.6.6, 203.0.113.7", 1, "203.0.113.7"),
        (b"203.0.113.7, 10.0.0.1", 2, "203.0.113.7"),
        (b"10.0.0.1", 2, "10.0.0.1"),
    ],
)
def test_as_many_forwarding_entries_are_believed_as_there_are_proxies_of_ours(
    claimed: bytes | None, hops: int, address: str
) -> None:
    assert client_address("10.0.0.9", claimed, hops) == address


def test_the_next_hop_learns_who_asked_and_how() -> None:
    assert forwarded("10.0.0.9", "https", b"crm.example", b"203.0.113.7") == [
        (b"x-forwarded-for", b"203.0.113.7, 10.0.0.9"),
        (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-host", b"crm.example"),
    ]
    assert forwarded(None, "http", None, None)[0] == (b"x-forwarded-for", b"unknown")


def test_a_header_that_may_stand_once_is_counted() -> None:
    assert has_two([(b"authorization", b"a"), (b"authorization", b"b")], b"authorization")
    assert not has_two([(b"authorization", b"a")], b"authorization")
