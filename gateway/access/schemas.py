"""What a caller learns about himself."""

from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from services.kit.web.schemas import AwareTime, Output, Ref

EXAMPLE: dict[str, Any] = {
    "actor": {"id": "0199c0de-0000-7000-8000-000000000001", "kind": "key"},
    "rep": None,
    "scopes": ["people:read", "orders:write"],
    "visibility": "all",
    "workspace": {
        "id": "0199c0de-0000-7000-8000-000000000002",
        "name": "Lucky Shop",
        "mode": "live",
        "time_zone": "Asia/Taipei",
        "locale": "zh-Hant",
        "reporting_currency": "TWD",
    },
    "key": {
        "id": "0199c0de-0000-7000-8000-000000000001",
        "name": "Web shop",
        "hint": "kith_live_3Fq8ZkP0aB_...x9Q1",
        "expires_at": None,
    },
}


class CallerActor(Output):
    """Who acts."""

    id: UUID
    kind: str = Field(description="key or user.")


class CallerWorkspace(Output):
    """Whose data the caller works with."""

    id: UUID
    name: str
    mode: str
    time_zone: str
    locale: str
    reporting_currency: str


class CallerKey(Output):
    """The key that was used."""

    id: UUID
    name: str
    hint: str
    expires_at: AwareTime | None


class CallerRead(Output):
    """The caller: who acts, for whom, and what he may do."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    actor: CallerActor
    rep: Ref | None = Field(description="The rep whom the caller stands for.")
    scopes: list[str]
    visibility: str = Field(description="own, team or all.")
    workspace: CallerWorkspace
    key: CallerKey | None = Field(description="Null where no key was used.")
