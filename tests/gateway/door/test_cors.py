"""Pages of listed origins may call; others get no permission, and no origin is ever a wildcard."""

from gateway.door.cors import Cors

CORS = Cors(["https://app.example", "http://localhost:3000"])


def preflight(origin: bytes) -> dict[bytes, bytes]:
    return {b"origin": origin, b"access-control-request-method": b"PATCH"}


def test_a_listed_origin_may_read_the_answer_and_its_headers() -> None:
    headers = dict(CORS.headers(b"https://app.example"))
    assert headers[b"access-control-allow-origin"] == b"https://app.example"
    assert b"kith-position" in headers[b"access-control-expose-headers"]
    assert headers[b"vary"] == b"Origin"


def test_origins_match_exactly() -> None:
    for origin in (
        b"https://app.example:8443",
        b"https://app.example.evil",
        b"http://app.example",
        b"null",
        b"*",
        None,
    ):
        assert CORS.headers(origin) == [(b"vary", b"Origin")]


def test_a_preflight_of_a_listed_origin_is_granted() -> None:
    answer = dict(CORS.preflight(preflight(b"http://localhost:3000")) or [])
    assert answer[b"access-control-allow-origin"] == b"http://localhost:3000"
    assert b"PATCH" in answer[b"access-control-allow-methods"]
    assert b"idempotency-key" in answer[b"access-control-allow-headers"]
    assert b"access-control-allow-credentials" not in answer


def test_a_preflight_of_another_origin_is_answered_without_permission() -> None:
    assert CORS.preflight(preflight(b"https://evil.example")) == [(b"vary", b"Origin")]


def test_other_requests_are_no_preflight() -> None:
    assert CORS.preflight({b"origin": b"https://app.example"}) is None
    assert CORS.preflight({b"access-control-request-method": b"GET"}) is None


def test_without_origins_no_header_is_added() -> None:
    assert Cors([]).headers(b"https://app.example") == []
