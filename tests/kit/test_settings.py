import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.kit.settings import ServiceSettings
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
