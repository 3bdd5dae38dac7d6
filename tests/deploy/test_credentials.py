"""The secrets of a deployment: complete, readable by those who mount them, rotated without anybody being locked out."""

import itertools
import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.credentials import Credentials, Kind, app
from deploy.environment import read_settings
from deploy.processes import NAMES, process_named
from migrations.__main__ import MigrationSettings
from services.kit.identity import Identity, IdentitySigner, IdentityVerifier
from services.kit.ids import new_id
from services.kit.secrets import Vault
from services.kit.settings import PREFIX, ServiceSettings


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    made = Credentials(tmp_path / "secrets")
    made.make()
    made.write_out()
    return made


def settings_of(credentials: Credentials, name: str) -> ServiceSettings:
    """Read a process's settings as its container does, from files alone."""
    with mounted(credentials, name):
        return read_settings(process_named(name).settings_class())


@contextmanager
def mounted(credentials: Credentials, reader: str) -> Iterator[None]:
    """Name a reader's files as a container does."""
    with pytest.MonkeyPatch.context() as environment:
        for file in (credentials.folder / reader).iterdir():
            environment.setenv(f"{PREFIX}{file.name.upper()}_FILE", str(file))
        yield


def check(signed_by: ServiceSettings, verified_by: ServiceSettings) -> None:
    """Let one process sign and another one verify."""
    signer = IdentitySigner(signed_by.service, signed_by.identity_private_key.get_secret_value())
    verifier = IdentityVerifier(verified_by.service, verified_by.identity_public_keys)
    identity = Identity(workspace_id=new_id(), actor_id=new_id())
    assert verifier.verify(signer.sign(identity, verified_by.service)) == identity


def vault_of(settings: ServiceSettings) -> Vault:
    """Return the vault of a process."""
    return Vault([key.get_secret_value() for key in settings.secret_keys])


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_all_that_a_process_must_be_told(credentials: Credentials, name: str) -> None:
    settings = settings_of(credentials, name)

    assert settings.service == name
    assert f"//{name}_api:" in settings.api_database_url.get_secret_value()
    assert f"//{name}_worker:" in settings.worker_database_url.get_secret_value()
    check(settings, settings_of(credentials, "contacts"))


def test_migrations_know_the_passwords_that_the_processes_use_and_not_the_administrators(
    credentials: Credentials,
) -> None:
    with mounted(credentials, "migrations"):
        settings = MigrationSettings()

    password = settings.role_passwords["scoring_api"]
    assert password in (credentials.folder / "scoring" / "api_database_url").read_text()
    assert settings.owner_url("gateway").startswith("postgresql://gateway_owner:")
    administrators = (credentials.folder / "postgres" / "password").read_text().strip()
    assert administrators not in settings.database_url.get_secret_value()
    assert administrators in (credentials.folder / "provision" / "database_url").read_text()


def test_any_user_of_a_container_reads_them_and_nobody_else_on_the_machine(credentials: Credentials) -> None:
    assert stat.S_IMODE(credentials.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((credentials.folder / "keys").stat().st_mode) == 0o700
    for name in NAMES:
        files = list((credentials.folder / name).iterdir())
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o444}


def test_a_folder_that_was_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir(mode=0o755)
    Credentials(tmp_path / "secrets").make()
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_making_them_again_changes_nothing(credentials: Credentials) -> None:
    before = {file: file.read_text() for file in credentials.folder.rglob("*") if file.is_file()}

    result = CliRunner().invoke(app, ["make", str(credentials.folder)])

    assert result.exit_code == 0
    assert {file: file.read_text() for file in credentials.folder.rglob("*") if file.is_file()} == before


def test_replicas_of_two_neighbouring_steps_trust_one_another(credentials: Credentials) -> None:
    steps = [settings_of(credentials, "gateway")]
    for step in ("add", "promote", "retire"):
        arguments = [step, str(credentials.folder), "identity", "gateway"]
        assert CliRunner().invoke(app, arguments).exit_code == 0
        steps.append(settings_of(credentials, "gateway"))

    for before, after in itertools.pairwise(steps):
        check(before, after)
        check(after, before)
    assert steps[0].identity_private_key != steps[-1].identity_private_key
    assert len(steps[-1].identity_public_keys) == len(NAMES)


def test_a_new_key_for_secrets_is_known_to_all_before_it_seals_and_opens_what_the_old_one_sealed(
    credentials: Credentials,
) -> None:
    old = settings_of(credentials, "contacts")
    credentials.add(Kind.secret, "contacts")
    credentials.write_out()
    both = settings_of(credentials, "contacts")
    credentials.promote(Kind.secret, "contacts")
    credentials.write_out()
    new = settings_of(credentials, "contacts")

    assert both.secret_keys[0] == old.secret_keys[0]
    assert new.secret_keys[0] != old.secret_keys[0]
    assert vault_of(both).decrypt(vault_of(new).encrypt("x")) == b"x"
    assert vault_of(new).decrypt(vault_of(old).encrypt("x")) == b"x"

    credentials.retire(Kind.secret, "contacts")
    credentials.write_out()
    assert settings_of(credentials, "contacts").secret_keys == new.secret_keys[:1]


def test_an_unknown_process_is_refused(credentials: Credentials) -> None:
    result = CliRunner().invoke(app, ["add", str(credentials.folder), "identity", "nobody"])
    assert result.exit_code == 2
    assert "nobody" in result.output


def test_the_addresses_keep_what_a_managed_database_asks_for(tmp_path: Path) -> None:
    made = Credentials(tmp_path / "secrets")
    made.make("postgresql://boss@db.example:6432/crm?sslmode=verify-full")
    made.write_out()

    address = (made.folder / "contacts" / "api_database_url").read_text().strip()
    assert address.endswith("@db.example:6432/crm?sslmode=verify-full")
    assert (made.folder / "provision" / "database_url").read_text().startswith("postgresql://boss:")
    passwords = json.loads((made.folder / "migrations" / "role_passwords").read_text())
    assert f":{passwords['contacts_api']}@" in address
