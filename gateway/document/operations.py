"""Completes a service's operations: what every route of the kit does is said here once, not in every endpoint."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from gateway.document import descriptions
from services.kit.problems import (
    BadRequest,
    GatewayTimeout,
    IdempotencyKeyReused,
    Invalid,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    RequestInProgress,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
)
from services.kit.web.dependencies import locale
from services.kit.web.etags import if_match, required_if_match
from services.kit.web.operation import PROBLEM_TYPES, problem_responses
from services.kit.web.route import calls

WITH_KEY = frozenset({"post", "patch", "delete", "put"})
PUBLIC = "x-public"
EVERYWHERE: tuple[type[Problem], ...] = (BadRequest, TooManyRequests, Unavailable, GatewayTimeout)
Operation = dict[str, Any]


def api_routes(app: FastAPI) -> Iterator[tuple[str, str, APIRoute]]:
    """Yield path, method and route of every documented operation."""
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in sorted(route.methods or ()):
                yield route.path_format, method.lower(), route


def complete(operation: Operation, path: str, method: str, route: APIRoute, service: str) -> None:
    """Add to an operation what its route does beyond what the endpoint itself declares."""
    operation["operationId"] = route.name
    operation["x-kith-service"] = service
    if operation.pop(PUBLIC, False):
        operation["security"] = []
    _add_parameters(operation, method, route)
    _add_responses(operation, path, method, route)
    _add_response_headers(operation, method)
    _name_merge_patch(operation, method)


def written_by_hand(operation: Operation, service: str) -> Operation:
    """Return an operation of a plain route, which says by itself what it takes and answers."""
    complete_one = {**operation, "x-kith-service": service, "responses": dict(operation["responses"])}
    complete_one.pop(PUBLIC, None)
    for status, response in problem_responses(list(EVERYWHERE)).items():
        complete_one["responses"].setdefault(str(status), response)
    complete_one["responses"] = dict(sorted(complete_one["responses"].items()))
    _add_response_headers(complete_one, "")
    return complete_one


def _add_parameters(operation: Operation, method: str, route: APIRoute) -> None:
    used = calls(route.dependant)
    wanted = []
    if method in WITH_KEY and operation.get("security") != []:
        wanted.append(descriptions.IDEMPOTENCY_KEY)
    if required_if_match in used:
        wanted.append(descriptions.IF_MATCH | {"required": True})
    elif if_match in used:
        wanted.append(descriptions.IF_MATCH)
    if locale in used:
        wanted.append(descriptions.ACCEPT_LANGUAGE)
    parameters = operation.setdefault("parameters", [])
    known = {parameter["name"].lower() for parameter in parameters}
    parameters += [parameter for parameter in wanted if parameter["name"].lower() not in known]
    for parameter in parameters:
        parameter.setdefault("description", describe(parameter["name"]))
    if not parameters:
        del operation["parameters"]


def describe(name: str) -> str:
    """Return the description of a path parameter that has none: `person_id` is the id of the person."""
    noun = name.removesuffix("_id").replace("_", " ")
    return f"Id of the {noun}." if name.endswith("_id") else f"The {noun}."


def _add_responses(operation: Operation, path: str, method: str, route: APIRoute) -> None:
    responses = operation["responses"]
    responses.pop("default", None)
    if _is_fastapis_own(responses.get("422", {})):
        del responses["422"]
    implied = problem_responses(list(_implied(operation, path, method, route)))
    for status, response in implied.items():
        present = responses.setdefault(str(status), response)
        slugs = {*present.get(PROBLEM_TYPES, []), *response[PROBLEM_TYPES]}
        present[PROBLEM_TYPES] = sorted(slugs)
    operation["responses"] = dict(sorted(responses.items()))


def _implied(operation: Operation, path: str, method: str, route: APIRoute) -> Iterator[type[Problem]]:
    yield from EVERYWHERE
    if "{" in path:
        yield NotFound
    if "requestBody" in operation:
        yield from (TooLarge, UnsupportedMediaType, Invalid)
    if method in WITH_KEY and operation.get("security") != []:
        yield from (IdempotencyKeyReused, RequestInProgress)
    used = calls(route.dependant)
    if if_match in used or required_if_match in used:
        yield PreconditionFailed
    if required_if_match in used:
        yield PreconditionRequired


def _is_fastapis_own(response: dict[str, Any]) -> bool:
    return "application/json" in response.get("content", {})


def _add_response_headers(operation: Operation, method: str) -> None:
    for status, response in operation["responses"].items():
        headers = response.setdefault("headers", {})
        if status == "201" and method == "post":
            headers.setdefault("Location", descriptions.LOCATION)
            headers.setdefault("ETag", descriptions.ETAG)
        if status == "202":
            headers.setdefault("Location", descriptions.JOB_LOCATION)
        if status in {"429", "503", "504"}:
            headers.setdefault("Retry-After", descriptions.RETRY_AFTER)
        if not headers:
            del response["headers"]


def _name_merge_patch(operation: Operation, method: str) -> None:
    # Plain JSON is taken too; with two documented, one widely used client generator always sends the second.
    content = operation.get("requestBody", {}).get("content", {})
    if method == "patch" and "application/json" in content:
        content["application/merge-patch+json"] = content.pop("application/json")
