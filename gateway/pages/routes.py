"""Serves the pages and the document itself; each is rendered once."""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.pages.html import POLICY
from gateway.pages.problems import problem_list, problem_page
from gateway.pages.reference import reference
from services.kit.problems import NotFound

HTML = "text/html; charset=utf-8"
FRESH = "public, max-age=60"


class Rendered:
    """A text ready to be sent, plain and compressed."""

    def __init__(self, body: bytes, media_type: str) -> None:
        self._body = body
        self._packed = gzip.compress(body, 6, mtime=0)
        self._media_type = media_type
        self._tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'

    def answer(self, request: Request) -> Response:
        """Return the text, or 304 where the caller has it already."""
        headers = {
            "ETag": self._tag,
            "Cache-Control": FRESH,
            "Vary": "Accept-Encoding",
            "Content-Security-Policy": POLICY,
        }
        if self._tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self._packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=self._media_type)
        return Response(self._body, headers=headers, media_type=self._media_type)


class Pages:
    """The pages of one installation."""

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        """Take what reads the document: as objects it is too large to be kept for pages that hardly anybody opens."""
        self._read = read

    @cached_property
    def _types(self) -> Mapping[str, Mapping[str, Any]]:
        found: Mapping[str, Mapping[str, Any]] = self._read().get("x-kith-problems", {})
        return found

    @cached_property
    def openapi(self) -> Rendered:
        """The document."""
        return Rendered(orjson.dumps(self._read()), "application/json")

    @cached_property
    def docs(self) -> Rendered:
        """The reference."""
        return Rendered(reference(self._read()).encode(), HTML)

    @cached_property
    def problems(self) -> Rendered:
        """The list of problem types."""
        return Rendered(problem_list(self._types).encode(), HTML)

    def problem(self, slug: str) -> Rendered:
        """Return the page of a problem type; NotFound where there is none."""
        text = problem_page(slug, self._types)
        if text is None:
            raise NotFound
        return Rendered(text.encode(), HTML)

    def routes(self) -> list[Route]:
        """Return the routes to mount."""

        async def openapi(request: Request) -> Response:
            return self.openapi.answer(request)

        async def docs(request: Request) -> Response:
            return self.docs.answer(request)

        async def problems(request: Request) -> Response:
            return self.problems.answer(request)

        async def problem(request: Request) -> Response:
            return self.problem(request.path_params["slug"]).answer(request)

        return [
            Route("/openapi.json", openapi),
            Route("/docs", docs),
            Route("/problems", problems),
            Route("/problems/{slug}", problem),
        ]
