"""Every error that a caller may see, as RFC 9457 documents; an error class is the sentence the caller reads."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

Where = Literal["body", "query", "header", "path"]


@dataclass(frozen=True, slots=True)
class ErrorItem:
    """One fault of a request: where it is and what is wrong with it."""

    where: Where
    message: str
    code: str = "invalid"
    pointer: str | None = None
    """JSON pointer as a fragment, for a body: `#/emails/0/address`."""
    name: str | None = None
    """Name of the parameter or header."""

    def document(self) -> dict[str, str | None]:
        """Return the item as it stands in a problem document."""
        return {
            "in": self.where,
            "pointer": self.pointer,
            "name": self.name,
            "code": self.code,
            "message": self.message,
        }


class Problem(Exception):
    """An answer with an error status. The slug of its page is the class name in kebab case."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on our side"
    registry: ClassVar[dict[str, type["Problem"]]] = {}

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[ErrorItem] = (),
        headers: dict[str, str] | None = None,
        **extensions: Any,  # noqa: ANN401 - members of the document that the problem type defines
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = headers or {}
        self.extensions = extensions

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - passed through
        super().__init_subclass__(**kwargs)
        Problem.registry[cls.slug()] = cls

    @classmethod
    def slug(cls) -> str:
        """Return the last part of the problem type's address."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()

    def document(self, *, base: str, instance: str, request_id: str) -> dict[str, Any]:
        """Return the problem document.

        `base` is the public URL under which problem pages are served.
        """
        return {
            "type": f"{base}/problems/{self.slug()}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail or self.title,
            "instance": instance,
            "request_id": request_id,
            "errors": [item.document() for item in self.errors],
            **self.extensions,
        }


class InternalError(Problem):
    """We failed; nothing was changed. The request id helps us to find the cause."""


class BadRequest(Problem):
    """The request cannot be read: broken JSON, or a parameter or header that does not fit."""

    status = 400
    title = "The request cannot be read"


class Unauthorized(Problem):
    """No valid API key or token came with the request."""

    status = 401
    title = "A valid API key is needed"

    def __init__(self, detail: str = "", **extensions: Any) -> None:  # noqa: ANN401 - passed through
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="kith"'}, **extensions)


class Forbidden(Problem):
    """The key is valid but lacks a scope that the operation needs."""

    status = 403
    title = "This key may not do that"

    def __init__(self, scope: str, detail: str = "") -> None:
        super().__init__(detail or f"The scope {scope} is needed.", scope=scope)


class NotFound(Problem):
    """There is no such thing, or it is not yours to see; the answer is the same for both."""

    status = 404
    title = "There is no such resource"


class MethodNotAllowed(Problem):
    """The address exists, but not for this method; the Allow header lists those that do."""

    status = 405
    title = "This method is not available here"


class NotAcceptable(Problem):
    """None of the media types that the request accepts can be produced."""

    status = 406
    title = "No acceptable representation"


class Conflict(Problem):
    """The state of the resource does not allow the operation, or the same thing exists already."""

    status = 409
    title = "The request conflicts with the present state"


class RequestInProgress(Conflict):
    """A request with the same Idempotency-Key is still running; ask again in a moment."""

    title = "A request with this Idempotency-Key is still running"


class PreconditionFailed(Problem):
    """The resource has changed since the version named in If-Match; `current` names the present one."""

    status = 412
    title = "The resource has changed meanwhile"

    def __init__(self, current: int) -> None:
        super().__init__(f"The present version is {current}.", current=f'"v{current}"')


class TooLarge(Problem):
    """The body is larger than this operation takes."""

    status = 413
    title = "The body is too large"


class UnsupportedMediaType(Problem):
    """The body's media type is not one that this operation takes."""

    status = 415
    title = "This media type is not taken here"


class Invalid(Problem):
    """The body can be read, but its content is not valid; `errors` names each field."""

    status = 422
    title = "The content is not valid"


class IdempotencyKeyReused(Invalid):
    """The Idempotency-Key was used before with another request."""

    title = "This Idempotency-Key was used for another request"


class PreconditionRequired(Problem):
    """The operation needs If-Match with the version you have seen."""

    status = 428
    title = "If-Match is required"


class TooManyRequests(Problem):
    """The limit of the key is used up, or too many bad keys came from the address; Retry-After says when to go on."""

    status = 429
    title = "Too many requests"


class Unavailable(Problem):
    """A part of Kith, or its database, is away for a moment; Retry-After says when to try again."""

    status = 503
    title = "Not available for a moment"

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class GatewayTimeout(Problem):
    """A service took too long; whether the request took effect is not known, so repeat it with its Idempotency-Key."""

    status = 504
    title = "The service took too long"


def invalid_body(pointer: str, message: str, code: str = "invalid") -> Invalid:
    """Return a 422 that names one field of the body, for example `#/owner_rep_id`."""
    return Invalid(message, errors=[ErrorItem("body", message, code, pointer=pointer)])


def bad_parameter(name: str, message: str, code: str = "invalid") -> BadRequest:
    """Return a 400 that names one query parameter."""
    return BadRequest(message, errors=[ErrorItem("query", message, code, name=name)])
