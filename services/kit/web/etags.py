"""Versions as ETags: `"v17"` names row version 17, and If-Match guards a change against a lost update."""

import re
from typing import Annotated

from fastapi import Depends, Request, Response

from services.kit.problems import BadRequest, ErrorItem, PreconditionRequired

TAG = re.compile(r'(?:W/)?"v([0-9]{1,18})"')
LONGEST = 255


def set_etag(response: Response, version: int) -> None:
    """State the version of the resource in the answer."""
    response.headers["ETag"] = f'"v{version}"'


async def if_match(request: Request) -> frozenset[int] | None:
    """Return the versions that If-Match names, weak or strong; None without the header or for `*`."""
    header = request.headers.get("if-match")
    if header is None or header.strip() == "*":
        return None
    found = [TAG.fullmatch(tag.strip()) for tag in header.split(",")]
    if not all(found) or len(header) > LONGEST:
        message = 'If-Match takes versions such as "v17".'
        raise BadRequest(message, errors=[ErrorItem("header", message, name="If-Match")])
    return frozenset(int(tag[1]) for tag in found if tag)


async def required_if_match(request: Request) -> frozenset[int] | None:
    """Return what If-Match names; PreconditionRequired without the header."""
    if "if-match" not in request.headers:
        raise PreconditionRequired
    return await if_match(request)


IfMatch = Annotated[frozenset[int] | None, Depends(if_match)]
RequiredIfMatch = Annotated[frozenset[int] | None, Depends(required_if_match)]
