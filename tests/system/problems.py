"""What every error of Kith looks like, and how to find the fields that it names."""

import httpx

from tests.system.client import Json

MEMBERS = {"type", "title", "status", "detail", "instance", "request_id", "errors"}
ITEM = {"in", "pointer", "name", "code", "message"}
PLACES = {"body", "query", "header", "path"}
TELLING = ("Traceback", "asyncpg", "pydantic", "/services/", "<html", "<!DOCTYPE")
"""What would tell how we are made."""


def differs(answer: httpx.Response, status: int, *named: str) -> str | None:
    """Return in what an answer is not a problem of this status that names these fields; None where it is one."""
    kind = answer.headers.get("content-type", "")
    if answer.status_code != status:
        return f"{answer.status_code} instead of {status}: {answer.text[:400]}"
    if not kind.startswith("application/problem+json"):
        return f"media type {kind!r}"
    problem = answer.json()
    if not problem.keys() >= MEMBERS or problem["status"] != status:
        return f"members {sorted(problem)}, status {problem.get('status')}"
    return _differs_in_content(answer, problem, set(named))


def names(problem: Json) -> set[str]:
    """Return the fields, parameters and headers that a problem names."""
    return {item["pointer"] or item["name"] for item in problem["errors"]}


def without_names(answer: httpx.Response, *named: str) -> Json:
    """Return a problem without what is different each time: the request, and what the caller named in it."""
    told: Json = {name: value for name, value in answer.json().items() if name not in {"request_id", "instance"}}
    for name in named:
        told["detail"] = told["detail"].replace(name, "...")
    return told


def _differs_in_content(answer: httpx.Response, problem: Json, named: set[str]) -> str | None:
    if any(item.keys() != ITEM or item["in"] not in PLACES for item in problem["errors"]):
        return f"errors {problem['errors']}"
    if answer.headers.get("x-request-id") != problem["request_id"]:
        return "another X-Request-Id than request_id"
    if any(word in answer.text for word in TELLING):
        return f"tells how we are made: {answer.text[:400]}"
    if not named <= names(problem):
        return f"names {sorted(names(problem))} instead of {sorted(named)}: {problem['detail']}"
    return None
