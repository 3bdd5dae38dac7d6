"""Answers that the caller has already: 304 instead of the same bytes again."""

import hashlib

from gateway.door.headers import Header, value_of

NOT_MODIFIED = 304
OF_BODY = frozenset({b"content-length", b"content-type", b"content-encoding"})
ANY = b"*"


def tag_of(headers: list[Header], body: bytes) -> bytes:
    """Return the answer's own tag, or a weak one made of its bytes: lists have no version of their own."""
    said = value_of(headers, b"etag")
    return said if said is not None else b'W/"%s"' % hashlib.blake2b(body, digest_size=12).hexdigest().encode()


def is_known(wanted: bytes, tag: bytes) -> bool:
    """Tell whether If-None-Match names a tag (weak comparison, RFC 9110 13.1.2)."""
    named = {part.strip().removeprefix(b"W/") for part in wanted.split(b",")}
    return ANY in named or tag.removeprefix(b"W/") in named


def without_body(headers: list[Header]) -> list[Header]:
    """Return the headers that an answer without its body keeps."""
    return [header for header in headers if header[0] not in OF_BODY]
