import json
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from deploy.processes import PROCESSES
from migrations.__main__ import MigrationSettings
from services.kit.destinations import Limits, parse_networks
from services.kit.settings import FileVariants, ServiceSettings, Settings
from tests import keys

VAULT_KEY = keys.secret_keys()[0]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("KITH_SERVICE", "contacts")
    monkeypatch.setenv("KITH_IDENTITY_PRIVATE_KEY", keys.private_key("contacts"))
    monkeypatch.setenv("KITH_IDENTITY_keys.public_keys()", json.dumps(keys.public_keys()))
    monkeypatch.setenv("KITH_SECRET_KEYS", json.dumps([VAULT_KEY]))
    monkeypatch.setenv("KITH_API_DATABASE_URL", "postgresql://api@db/kith")
    monkeypatch.setenv("KITH_WORKER_DATABASE_URL", "postgresql://worker@db/kith")
    return monkeypatch


def test_settings_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("KITH_PORT", "9001")
    environment.setenv("KITH_PEERS", '{"scoring": "http://127.0.0.1:9002"}')
    settings = ServiceSettings()
    assert (settings.port, settings.peers) == (9001, {"scoring": "http://127.0.0.1:9002"})


def test_a_file_can_hold_any_setting(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(json.dumps([VAULT_KEY]) + "\n")
    (tmp_path / "url").write_text("postgresql://api:s3cret@db/kith\n")
    environment.delenv("KITH_SECRET_KEYS")
    environment.delenv("KITH_API_DATABASE_URL")
    environment.setenv("KITH_SECRET_KEYS_FILE", str(tmp_path / "keys"))
    environment.setenv("KITH_API_DATABASE_URL_FILE", str(tmp_path / "url"))
    settings = ServiceSettings()
    assert settings.api_database_url.get_secret_value() == "postgresql://api:s3cret@db/kith"
    assert settings.secret_keys[0].get_secret_value() == VAULT_KEY


def test_secrets_do_not_show_when_settings_are_printed(environment: pytest.MonkeyPatch) -> None:
    settings = ServiceSettings()
    assert VAULT_KEY not in repr(settings)
    assert "postgresql://" not in repr(settings)


def test_a_missing_setting_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("KITH_API_DATABASE_URL")
    with pytest.raises(ValidationError, match="api_database_url"):
        ServiceSettings()


def test_users_addresses_lead_to_the_open_internet_only_unless_an_own_network_is_named(
    environment: pytest.MonkeyPatch,
) -> None:
    assert ServiceSettings().egress == Limits(frozenset({443, 8443}))
    environment.setenv("KITH_EGRESS_ALLOW", '["10.20.0.0/16", "127.0.0.1"]')
    environment.setenv("KITH_EGRESS_PORTS", "[443]")
    assert ServiceSettings().egress == Limits(frozenset({443}), parse_networks(["10.20.0.0/16", "127.0.0.1"]))
    environment.setenv("KITH_EGRESS_ALLOW", '["10.20.0.1/16"]')
    with pytest.raises(ValidationError, match="egress_allow"):
        ServiceSettings()


def every_setting() -> list[tuple[type[Settings], str]]:
    """Return each field of each process's settings."""
    kinds: list[type[Settings]] = [MigrationSettings, *(process.settings_class() for process in PROCESSES)]
    return [(kind, name) for kind in kinds for name in kind.model_fields]


@pytest.mark.parametrize(("kind", "name"), every_setting())
def test_every_setting_may_stand_in_a_file(
    kind: type[Settings], name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "value").write_text("[]\n")
    monkeypatch.setenv(f"KITH_{name.upper()}_FILE", str(tmp_path / "value"))
    assert list(FileVariants(kind)()) == [name]


def test_every_secret_setting_is_marked_as_one() -> None:
    """A secret that is not shows where settings are printed."""
    suspicious = re.compile(r"secret|password|private|token|credential|api_key|_url$")
    open_ones = {
        name
        for kind, name in every_setting()
        if suspicious.search(name)
        and "SecretStr" not in str(kind.model_fields[name].annotation)
        and kind.model_fields[name].repr
    }
    assert open_ones == {"public_url"}
