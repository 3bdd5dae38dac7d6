"""The door that shops knock at: POST /v1/webhooks/{source_id}, verified on the raw bytes, stored, then answered.

A plain Starlette route: it reads no JSON, asks for no API key (the signature is the key) and shares its commit.
"""

from collections.abc import Coroutine
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.contacts.sources.adapters.base import Headers
from services.contacts.sources.committer import Committer, Incoming
from services.contacts.sources.directory import Caller, Directory
from services.contacts.sources.errors import DeliveryNotStored, SignatureDoesNotFit, TooManyDeliveries
from services.contacts.sources.rejections import Rejections
from services.kit.clock import Clock
from services.kit.database import UNREACHABLE
from services.kit.ids import new_id
from services.kit.problems import NotFound, TooLarge
from services.kit.web.operation import problem_responses
from services.kit.web.route import read_within

PATH = "/v1/webhooks/{source_id}"
MAX_BODY = 2 * 1024 * 1024
MAX_TOPIC = 255
GREETED = b'{"delivery_id":null,"status":"ignored"}'


class WebhookDoor:
    """Takes the calls of shops."""

    def __init__(self, directory: Directory, committer: Committer, rejections: Rejections, clock: Clock) -> None:
        self._directory = directory
        self._committer = committer
        self._rejections = rejections
        self._clock = clock
        self.route = Route(PATH, self.receive, methods=["POST"], name="receive_webhook")

    async def receive(self, request: Request) -> Response:
        """Verify, store, answer. What is answered 2xx is durable."""
        caller = await self._caller(request)
        body = await read_within(request, MAX_BODY)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.raw}
        if caller.adapter.is_greeting(headers, body):
            return Response(GREETED, media_type="application/json")
        caller = await self._verified(caller, headers, body)
        receipt = await self._committer.put(delivery_of(caller, headers, body))
        answer = b'{"delivery_id":"%s","status":"%s"}' % (str(receipt.delivery_id).encode(), receipt.status.encode())
        return Response(answer, media_type="application/json")

    async def _caller(self, request: Request) -> Caller:
        """Return the source that the address names; NotFound for none, and for one that takes no calls."""
        try:
            source_id = UUID(request.path_params["source_id"])
        except ValueError as error:
            raise NotFound from error
        caller = await self._known(self._directory.find(source_id))
        if caller is None:
            raise NotFound
        return caller

    async def _verified(self, caller: Caller, headers: Headers, body: bytes) -> Caller:
        """Return the caller whose secret signed the body, read anew if need be: the secret may be a minute old."""
        if caller.signed(headers, body, self._clock.now()):
            return caller
        fresh = await self._known(self._directory.look_up(caller.source_id))
        if fresh is None or not fresh.signed(headers, body, self._clock.now()):
            self._rejections.note(caller.workspace_id, caller.source_id)
            raise SignatureDoesNotFit
        return fresh

    async def _known(self, looking: Coroutine[object, object, Caller | None]) -> Caller | None:
        """Return what was looked for; DeliveryNotStored where the database is away."""
        try:
            return await looking
        except UNREACHABLE as error:
            raise DeliveryNotStored(retry_after=1) from error


def delivery_of(caller: Caller, headers: Headers, body: bytes) -> Incoming:
    """Return a verified call as it is stored."""
    envelope = caller.adapter.envelope(headers, body)
    return Incoming(
        id=new_id(),
        workspace_id=caller.workspace_id,
        source_id=caller.source_id,
        topic=envelope.topic[:MAX_TOPIC],
        ignored=envelope.topic not in caller.adapter.topics,
        dedupe_key=envelope.dedupe_key,
        event_key=envelope.event_key,
        headers=envelope.headers,
        body=body,
    )


def operation() -> dict[str, Any]:
    """Return the operation for the OpenAPI document, which FastAPI cannot see."""
    problems = [NotFound, SignatureDoesNotFit, TooLarge, TooManyDeliveries]
    return DOCUMENTED | {"responses": {"200": ANSWERED, **text_keys(problem_responses(problems))}}


def text_keys(responses: dict[int | str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return responses with their statuses as text, as the document writes them."""
    return {str(status): response for status, response in responses.items()}


OWN_DOCUMENT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": True,
    "description": "The platform's own document.",
}
DOCUMENTED: dict[str, Any] = {
    "operationId": "receive_webhook",
    "summary": "Receive Webhook",
    "description": "Takes a call of a connected shop. The raw body is checked against the signature that the platform "
    "sends in its own header, stored, and answered once it is durable; what it says is worked out right after. "
    "A repetition is answered `duplicate`, a topic that is not read `ignored`.",
    "tags": ["webhooks"],
    "security": [],
    "x-required-scopes": [],
    "x-public": True,
    "parameters": [
        {
            "name": "source_id",
            "in": "path",
            "required": True,
            "description": "Id of the source.",
            "schema": {"type": "string", "format": "uuid"},
        }
    ],
    "requestBody": {
        "required": True,
        "description": "The body exactly as the platform sent it; forms are taken as well.",
        # One media type only: with two, one widely used generator makes a client that does not compile.
        "content": {"application/json": {"schema": OWN_DOCUMENT}},
    },
}
ANSWERED: dict[str, Any] = {
    "description": "Stored, or known already.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["delivery_id", "status"],
                "properties": {
                    "delivery_id": {
                        "anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}],
                        "description": "Id of the delivery; of the first one for a duplicate, null for a test call.",
                    },
                    "status": {
                        "anyOf": [{"enum": ["accepted", "duplicate", "ignored"]}, {"type": "string"}],
                        "description": "What became of the call.",
                    },
                },
            }
        }
    },
}
