"""What an operation declares about itself: scopes, problems, limits. The route enforces it, the document shows it."""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict, Unpack

from services.kit.problems import (
    BadRequest,
    Forbidden,
    IdempotencyKeyReused,
    Invalid,
    NotAcceptable,
    NotFound,
    Problem,
    RequestInProgress,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
)

SCOPES = "x-required-scopes"
MAX_BODY = "x-kith-max-body"
SHOWN_ONCE = "x-kith-shown-once"
OWN_TRANSACTION = "x-kith-own-transaction"
FILL_NAMES = "x-kith-fill-names"
AUDITED = "x-kith-audited"
PROBLEM_TYPES = "x-problem-types"


class Options(TypedDict):
    """The less common declarations of an operation."""

    problems: NotRequired[Sequence[type[Problem]]]
    """Problems beyond those that every operation can answer with."""
    max_body: NotRequired[int]
    """Largest body in bytes, where it differs from the setting."""
    shown_once: NotRequired[bool]
    """The answer holds a secret: its kept reply is forgotten after ten minutes."""
    own_transaction: NotRequired[bool]
    """The endpoint opens its own transactions (uploads, questions to others before it writes); Idempotency-Key is then
    its own duty, as in `write_once`."""
    fill_names: NotRequired[bool]
    """The gateway fills the names of references that this service does not hold."""
    audited: NotRequired[str]
    """Each reading is written down, as one of an object of this type; changes always are."""
    internal: NotRequired[bool]
    """For other services only; not in the document."""
    responses: NotRequired[dict[int | str, dict[str, Any]]]
    """More responses than the problems and the declared answer."""
    extra: NotRequired[dict[str, Any]]
    """More members of the operation in the document."""


COMMON: tuple[type[Problem], ...] = (BadRequest, Unauthorized, Forbidden, NotAcceptable, TooManyRequests, Unavailable)
WITH_BODY: tuple[type[Problem], ...] = (TooLarge, UnsupportedMediaType, Invalid)
WITH_KEY: tuple[type[Problem], ...] = (IdempotencyKeyReused, RequestInProgress)


def operation(*, scopes: Sequence[str], **options: Unpack[Options]) -> dict[str, Any]:
    """Return the keyword arguments for a route decorator.

    `scopes` must all be held by the caller; an empty list is only for operations without a caller.
    """
    problems = [*COMMON, *options.get("problems", ())]
    extra: dict[str, Any] = {SCOPES: list(scopes), **options.get("extra", {})}
    if "max_body" in options:
        extra[MAX_BODY] = options["max_body"]
    if "audited" in options:
        extra[AUDITED] = options["audited"]
    for name, member in (("shown_once", SHOWN_ONCE), ("own_transaction", OWN_TRANSACTION), ("fill_names", FILL_NAMES)):
        if options.get(name):
            extra[member] = True
    return {
        "openapi_extra": extra,
        "responses": {**problem_responses(problems), **options.get("responses", {})},
        "include_in_schema": not options.get("internal", False),
    }


def problem_responses(problems: Sequence[type[Problem]]) -> dict[int | str, dict[str, Any]]:
    """Return the documented responses for problem types, one per status."""
    found: dict[int | str, dict[str, Any]] = {}
    for problem in sorted(set(problems), key=lambda kind: (kind.status, kind.__name__)):
        entry = found.setdefault(
            problem.status,
            {
                "description": problem.title,
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
                PROBLEM_TYPES: [],
            },
        )
        entry[PROBLEM_TYPES].append(problem.slug())
    return found


ON_ID: tuple[type[Problem], ...] = (NotFound,)
