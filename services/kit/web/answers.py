"""How a problem is answered: as the document of RFC 9457, with where and in which request it happened."""

import orjson
from starlette.requests import Request
from starlette.responses import Response

from services.kit.context import current
from services.kit.problems import Problem

PROBLEM_TYPE = "application/problem+json"


def answer_of(request: Request, problem: Problem) -> Response:
    """Return the problem document for a request."""
    document = problem.document(
        base=request.app.state.kit.settings.public_url.rstrip("/"),
        instance=request.url.path,
        request_id=current().request_id,
    )
    return Response(orjson.dumps(document), problem.status, headers=problem.headers, media_type=PROBLEM_TYPE)
