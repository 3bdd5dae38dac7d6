"""Settings of a process: environment variables `KITH_X`, or `KITH_X_FILE` naming a file that holds the value."""

import os
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, IPvAnyNetwork, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from services.kit.destinations import Limits

PREFIX = "KITH_"


class FileVariants(PydanticBaseSettingsSource):
    """Reads `KITH_X_FILE`, as container platforms mount secrets; the trailing newline is dropped."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the file's text for a field, or None where no `_FILE` variable is set."""
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        text = Path(path).read_text(encoding="utf-8").rstrip("\r\n") if path else None
        return text, field_name, self.field_is_complex(field)

    def __call__(self) -> dict[str, Any]:
        """Return every field that a file gives."""
        values: dict[str, Any] = {}
        for name, field in self.settings_cls.model_fields.items():
            text, key, is_complex = self.get_field_value(field, name)
            if text is not None:
                values[key] = self.prepare_field_value(name, field, text, is_complex)
        return values


class Settings(BaseSettings):
    """Base of every settings class: prefix, `_FILE` variants, frozen once read."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, env_ignore_empty=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Rank the sources: arguments, then variables, then files that variables name."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, FileVariants(settings_cls)


class ServiceSettings(Settings):
    """What every process of Kith needs to know."""

    service: str = Field(description="Name of the process: gateway, contacts, scoring or campaigns.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(0, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    ops_port: int = Field(0, ge=0, le=65535, description="Port for /metrics and health details; 0 = none.")
    public_url: str = Field("http://127.0.0.1:8080", description="Address under which users reach the gateway.")
    peers: dict[str, str] = Field(default_factory=dict, description="Base URL of every process by its name (JSON).")

    api_database_url: SecretStr = Field(
        description="Connection for requests: role <service>_api, bound by row security."
    )
    worker_database_url: SecretStr = Field(description="Connection for background work: role <service>_worker.")
    database_direct_url: SecretStr | None = Field(
        None, description="Connection for LISTEN and leader locks, past any pooler; default: worker_database_url."
    )
    api_pool_size: int = Field(12, ge=1, le=200, description="Connections kept for requests.")
    worker_pool_size: int = Field(8, ge=2, le=200, description="Connections kept for background work.")

    identity_private_key: SecretStr = Field(description='Ed25519 key of this process: "kid:base64 of the 32 bytes".')
    identity_public_keys: list[str] = Field(
        default_factory=list, description='Keys this process trusts (JSON list): "issuer:kid:base64 of the 32 bytes".'
    )
    secret_keys: list[SecretStr] = Field(
        description='Keys for secrets at rest (JSON list): "id:base64url of 32 bytes"; the first encrypts.'
    )

    egress_allow: list[IPvAnyNetwork] = Field(
        default_factory=list,
        description="Own networks that users' addresses may lead into, on any port and without TLS too (JSON list).",
    )
    egress_ports: list[int] = Field(
        default_factory=lambda: [443, 8443], description="Ports that users' https addresses may name (JSON list)."
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="debug, info, warning or error."
    )
    log_format: Literal["json", "console"] = Field("json", description="json or console.")
    run_worker: bool = Field(True, description="Run followers, jobs and schedules in this process too.")
    feed_retention_days: int = Field(30, ge=1, le=3650, description="Days that events stay readable on the feed.")
    audit_retention_days: int = Field(
        1095, ge=1, le=36_500, description="Days that the audit of who changed what is kept."
    )
    jobs_retention_days: int = Field(90, ge=1, le=3650, description="Days that finished jobs stay listed.")
    idempotency_hours: int = Field(24, ge=1, le=24 * 30, description="Hours that replies to Idempotency-Keys are kept.")
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest JSON body in bytes.")
    shutdown_seconds: int = Field(20, ge=1, le=300, description="Time to finish requests and release work on SIGTERM.")

    @property
    def egress(self) -> Limits:
        """Where addresses of users may lead."""
        return Limits(frozenset(self.egress_ports), tuple(self.egress_allow))

    @property
    def direct_url(self) -> str:
        """Connection string for LISTEN and advisory locks."""
        return (self.database_direct_url or self.worker_database_url).get_secret_value()
