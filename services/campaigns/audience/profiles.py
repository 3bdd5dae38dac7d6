"""Names, zones and wishes of customers, asked of contacts: personal values never travel in events."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.campaigns.audience.repository import Key
from services.kit.client import ServiceClient, system_identity

SCOPES = frozenset({"internal"})
MOST = 1000
"""Ids in one call."""


class Profile(BaseModel):
    """The personal values of one customer at one version."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID
    version: int
    display_name: str | None = None
    time_zone: str | None = None
    locale: str | None = None
    preferred_channel: str | None = None
    contact_hours: list[dict[str, object]] = []


class Profiles:
    """Asks contacts for profiles in bulk, one workspace at a time, since an identity belongs to one workspace."""

    def __init__(self, contacts: ServiceClient, service: str = "campaigns") -> None:
        self._contacts = contacts
        self._service = service

    async def fetch(self, keys: Collection[Key]) -> dict[Key, Profile]:
        """Return what contacts holds of these customers; those that are gone are missing."""
        wanted: dict[UUID, list[UUID]] = defaultdict(list)
        for workspace_id, customer_id in sorted(keys):
            wanted[workspace_id].append(customer_id)
        found: dict[Key, Profile] = {}
        for workspace_id, ids in wanted.items():
            for start in range(0, len(ids), MOST):
                for profile in await self._ask(workspace_id, ids[start : start + MOST]):
                    found[workspace_id, profile.id] = profile
        return found

    async def _ask(self, workspace_id: UUID, ids: list[UUID]) -> list[Profile]:
        response = await self._contacts.post(
            "/internal/audience",
            identity=system_identity(self._service, workspace_id),
            scopes=SCOPES,
            json={"ids": ids},
            idempotency_key=None,
        )
        return [Profile.model_validate(item) for item in response.json()["items"]]
