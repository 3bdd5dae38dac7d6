"""The composition root: builds what the gateway consists of from its settings."""

import time
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

import orjson

from gateway.audit.service import AuditBook
from gateway.door.calls import Calls
from gateway.door.cors import Cors
from gateway.door.door import Parts
from gateway.door.failures import Failures
from gateway.door.forward import Forwarder
from gateway.door.keyring import Keyring
from gateway.door.limiter import Limiter
from gateway.door.limits import Policy
from gateway.door.names import Ref
from gateway.door.peers import PeerHealth
from gateway.door.routes import Routes
from gateway.door.upstream import Upstream
from gateway.door.usage import Usage
from gateway.events.jobs import JournalHouse
from gateway.events.service import Journal
from gateway.jobs.service import JobBook
from gateway.keys.service import KeyService
from gateway.settings import GatewaySettings
from gateway.teams.service import Teams
from gateway.tokens.service import Tokens
from gateway.workspaces.hearing import Hearing
from gateway.workspaces.service import WorkspaceService
from services.kit.client import Peers
from services.kit.egress import Egress
from services.kit.feeds.positions import Positions
from services.kit.identity import Identity
from services.kit.web.app import Kit

NAMES_OWNER = "contacts"
SERVICES = ("contacts", "scoring", "campaigns")


@dataclass(frozen=True, slots=True)
class Container:
    """What features and the door are wired from."""

    keys: KeyService
    teams: Teams
    workspaces: WorkspaceService
    hearing: Hearing
    keyring: Keyring
    limiter: Limiter
    usage: Usage
    upstream: Upstream
    egress: Egress
    calls: Calls
    jobs: JobBook
    audit: AuditBook
    journal: Journal
    house: JournalHouse
    services: Peers
    positions: Positions
    peers: PeerHealth
    door: Parts


def read_document(settings: GatewaySettings) -> dict[str, Any]:
    """Return the committed OpenAPI document."""
    document: dict[str, Any] = orjson.loads(settings.openapi_file.read_bytes())
    return document


def build_container(kit: Kit, settings: GatewaySettings, document: dict[str, Any]) -> Container:
    """Build everything; opens nothing yet."""
    egress = Egress("gateway", settings.egress)
    tokens = Tokens(kit.database, kit.clock, egress, time.monotonic, settings.key_cache_seconds)
    keyring = Keyring(
        kit.database, kit.vault, kit.signer, tokens, kit.clock, time.monotonic, settings.key_cache_seconds
    )
    policy = Policy(settings.rate_limit_quota, settings.rate_limit_seconds)
    limiter = Limiter(kit.database, kit.clock, time.monotonic, policy)
    usage = Usage(kit.database, kit.clock)
    upstream = Upstream(
        settings.peers,
        connect_seconds=settings.connect_seconds,
        answer_seconds=settings.answer_seconds,
        connections=settings.peer_connections,
    )
    services = Peers(settings.peers, kit.signer)
    calls = Calls(upstream, kit.signer, seconds=settings.part_seconds)
    names = NameBook(calls)
    door = Parts(
        public_url=settings.public_url,
        trusted_hops=settings.trusted_hops,
        routes=Routes(document),
        cors=Cors(settings.cors_origins),
        keyring=keyring,
        limiter=limiter,
        failures=Failures(
            Policy(settings.failed_auth_quota, settings.rate_limit_seconds, "failed-authentication"), time.monotonic
        ),
        forwarder=Forwarder(settings, keyring, upstream, names.look_up),
        usage=usage,
    )
    keys = KeyService(kit.clock, kit.vault, SystemRandom(), keyring.forget)
    return Container(
        keys=keys,
        teams=Teams(kit.clock, keys.announce, names.look_up),
        workspaces=WorkspaceService(kit.clock, settings.egress, keyring.forget),
        hearing=Hearing(calls),
        keyring=keyring,
        limiter=limiter,
        usage=usage,
        upstream=upstream,
        egress=egress,
        calls=calls,
        jobs=JobBook(calls, SERVICES),
        audit=AuditBook(kit.database, calls, SERVICES),
        journal=Journal(kit.database, kit.vault, calls),
        house=JournalHouse(kit.database, kit.clock, retention_days=settings.journal_retention_days),
        services=services,
        positions=Positions("gateway", kit.database, services, follows_itself=True),
        peers=PeerHealth(upstream, settings.peers),
        door=door,
    )


class NameBook:
    """Asks the owner of names."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def look_up(self, caller: Identity, ids: list[str]) -> dict[str, Ref]:
        """Return the references behind ids, as far as the caller may see them."""
        answer: Any = await self._calls.post(NAMES_OWNER, "/internal/names", caller, {"internal"}, {"ids": ids})
        return {ref["id"]: ref for ref in answer.get("items", [])}
