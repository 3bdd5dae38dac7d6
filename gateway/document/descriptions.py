"""What the document says beside its operations: what Kith is, how to sign in, what a problem looks like."""

from typing import Any

from gateway.access.rules import SCOPES
from services.kit.problems import Problem

INFO: dict[str, Any] = {
    "title": "Kith",
    "version": "1.0.0",
    "description": (
        "Who matters and why, whom to care for next, and whether it helped.\n\n"
        "All bodies are JSON in UTF-8 with snake_case names. Ids are UUIDs, times RFC 3339 with an offset, money is "
        '`{"amount": "1234.50", "currency": "TWD"}`. Errors are problem documents (RFC 9457) whose `type` is a page '
        "under `/problems`. Lists answer a page with `next_cursor`; unknown parameters are refused. Writes take an "
        "`Idempotency-Key`, changes an `If-Match` with the version that was read.\n\n"
        "Within v1 paths, optional inputs, output fields, enum values, event and problem types are only ever added: "
        "ignore fields that you do not know, and expect values that you have not seen."
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
SERVERS: list[dict[str, Any]] = [{"url": "/", "description": "This installation."}]
SECURITY_SCHEME = "api_key"
SECURITY_SCHEMES: dict[str, Any] = {
    SECURITY_SCHEME: {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key: `Authorization: Bearer kith_live_...`. Its scopes decide what it may do.",
    }
}
IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Text of your choice. The same request with the same key takes effect once and gets the same "
    "answer, for a day.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": 'Only if the resource still has this version, such as `"v17"`.',
    "schema": {
        "type": "string",
        "maxLength": 255,
        "pattern": r'^(\*|(W/)?"v[0-9]{1,18}"( *, *(W/)?"v[0-9]{1,18}")*)$',
    },
}
ACCEPT_LANGUAGE: dict[str, Any] = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "description": "Language of texts made by Kith: en, zh-Hant, zh-Hans, ja.",
    "schema": {"type": "string"},
}
LOCATION = {"description": "Address of what was made.", "schema": {"type": "string", "format": "uri-reference"}}
JOB_LOCATION = {"description": "Address of the job.", "schema": {"type": "string", "format": "uri-reference"}}
ETAG = {"description": "Version of the resource.", "schema": {"type": "string"}}
RETRY_AFTER = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
ALLOWED_AGAIN = {"Retry-After": RETRY_AFTER}

ERROR_ITEM: dict[str, Any] = {
    "type": "object",
    "description": "One fault of a request.",
    "required": ["in", "pointer", "name", "code", "message"],
    "properties": {
        "in": {"type": "string", "description": "body, query, header or path."},
        "pointer": {
            "anyOf": [{"type": "string"}, {"type": "null"}],
            "description": "Place in the body, such as `#/emails/0/address`.",
        },
        "name": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "Name of the parameter or header."},
        "code": {"type": "string", "description": "The fault, for programs."},
        "message": {"type": "string", "description": "The fault, for people."},
    },
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "An error (RFC 9457). Problem types may add members of their own.",
    "required": ["type", "title", "status", "detail", "instance", "request_id", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Page about this type of problem."},
        "title": {"type": "string", "description": "The type in a few words."},
        "status": {"type": "integer", "description": "HTTP status."},
        "detail": {"type": "string", "description": "What is the matter this time."},
        "instance": {"type": "string", "description": "The path that was asked."},
        "request_id": {"type": "string", "description": "Name it when you ask for help."},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/ErrorItem"}},
    },
}


def scopes() -> dict[str, str]:
    """Return every scope with its meaning, in their order."""
    return dict(SCOPES)


def problem_types() -> dict[str, dict[str, Any]]:
    """Return every problem type that any loaded module defines: slug -> status, title, meaning."""
    found = {slug: kind for slug, kind in Problem.registry.items() if kind.__module__.split(".")[0] != "tests"}
    return {
        slug: {"status": kind.status, "title": kind.title, "description": " ".join((kind.__doc__ or "").split())}
        for slug, kind in sorted(found.items())
    }
