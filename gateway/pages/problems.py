"""A page per type of problem, to which `type` in every problem document leads."""

from collections.abc import Mapping
from html import escape
from typing import Any

from gateway.pages.html import code, inline, link, page, table

Types = Mapping[str, Mapping[str, Any]]

ADVICE = {
    400: "Repair the request; sending it again as it is gives the same answer.",
    401: "Send `Authorization: Bearer` with a key that counts; `GET /v1/me` says what a key stands for.",
    403: "Use a key that holds the scope named in `scope`.",
    404: "Look up the id again. What you may not see is answered the same way as what does not exist.",
    405: "The `Allow` header lists the methods that this address has.",
    409: "Read the present state, then decide anew.",
    412: "Read the resource again and repeat the change with its present version in `If-Match`.",
    413: "Send less at once, for example a smaller batch, or use an import.",
    415: "Send JSON with `Content-Type: application/json`.",
    422: "`errors` names each field by its place in the body.",
    428: "Read the resource and send its version in `If-Match`.",
    429: "Wait as long as `Retry-After` says; `RateLimit` tells how much is left.",
    500: "It is our fault. Repeat the request with the same `Idempotency-Key`; name its `request_id` if you ask us.",
    503: "Wait as long as `Retry-After` says and repeat the request with the same `Idempotency-Key`.",
    504: "Repeat the request with the same `Idempotency-Key`: it takes effect once.",
}


def problem_list(types: Types) -> str:
    """Return the page with all types."""
    rows = [
        [link(f"/problems/{slug}", code(slug)), str(found["status"]), inline(found["title"])]
        for slug, found in sorted(types.items(), key=lambda item: (item[1]["status"], item[0]))
    ]
    return page("Problem types", f"<h1>Problem types</h1>{table(['type', 'status', 'title'], rows)}")


def problem_page(slug: str, types: Types) -> str | None:
    """Return the page of a type, None where there is no such type."""
    found = types.get(slug)
    if found is None:
        return None
    advice = ADVICE.get(found["status"], "")
    return page(
        found["title"],
        f"<h1>{escape(found['title'])}</h1><p>{code(slug)} · status {found['status']}</p>"
        f"<p>{inline(found['description'])}</p><h3>What to do</h3><p>{inline(advice)}</p>"
        f"<p>{link('/problems', 'All problem types')} · {link('/docs', 'Reference')}</p>",
    )
