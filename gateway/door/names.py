"""Names beside ids: references that a service could not name itself are filled in one call per answer."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import orjson
import structlog

from services.kit.problems import Problem

log = structlog.get_logger(__name__)

MOST_IDS = 1000
REF = frozenset({"id", "type", "display_name"})

Ref = dict[str, Any]
Ask = Callable[[list[str]], Awaitable[dict[str, Ref]]]
"""Returns what is known about ids: their `display_name`, of a source its `key` too."""


def nameless(value: Any) -> Iterator[Ref]:  # noqa: ANN401 - any JSON value
    """Yield every reference in an answer that still lacks its name."""
    if isinstance(value, list):
        for item in value:
            yield from nameless(item)
    elif isinstance(value, dict):
        if value.keys() >= REF and value["display_name"] is None and isinstance(value["id"], str) and len(value) <= 4:  # noqa: PLR2004 - a Ref, or a source's Ref with its key
            yield value
        else:
            for item in value.values():
                yield from nameless(item)


async def fill_names(body: bytes, ask: Ask) -> bytes:
    """Return the answer with names filled in; unchanged where none is missing or their owner is away."""
    document = orjson.loads(body)
    missing = list(nameless(document))
    ids = list(dict.fromkeys(ref["id"] for ref in missing))[:MOST_IDS]
    if not ids:
        return body
    try:
        known = await ask(ids)
    except Problem as problem:
        log.warning("names_unavailable", problem=problem.slug())
        return body
    for ref in missing:
        ref.update(
            {name: value for name, value in known.get(ref["id"], {}).items() if name in ref and value is not None}
        )
    return orjson.dumps(document)
