"""What the doctor finds."""

import os
from pathlib import Path

import pytest

from deploy.local.database import LocalDatabase
from deploy.local.doctor import examine
from deploy.local.home import Home, write_private
from deploy.local.ports import free_port, port_of, reserve


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("KITH_PORT", "0")
    return Home(tmp_path / "home")


def faults(home: Home) -> list[str]:
    return [finding.text for finding in examine(home) if not finding.fine]


def test_a_new_home_is_in_good_health(home: Home) -> None:
    assert faults(home) == []


def test_a_secret_that_others_can_read_is_a_fault(home: Home) -> None:
    home.prepare()
    write_private(home.admin_key, "key")
    home.admin_key.chmod(0o644)
    assert faults(home) == [f"{home.admin_key} can be read by others: chmod 600 it"]


def test_a_database_of_another_version_is_a_fault(home: Home) -> None:
    data = home.postgres / "data"
    data.mkdir(parents=True)
    assert faults(home) == [f"the database in {data} is damaged: it does not say its version"]
    (data / "PG_VERSION").write_text("17\n")
    assert faults(home) == [f"the database password {home.postgres / 'superuser.password'} is gone"]
    (home.postgres / "superuser.password").write_text("hush")
    assert faults(home) == [f"database of PostgreSQL 17 in {data}"]


def test_a_taken_port_is_a_fault(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with reserve(0) as holder:
        holder.listen()
        monkeypatch.setenv("KITH_PORT", str(port_of(holder)))
        assert "is taken by another program" in faults(home)[0]


def test_a_process_that_does_not_answer_is_a_fault(home: Home) -> None:
    home.prepare()
    with home.locked():
        home.note_state({"pid": os.getpid(), "ports": {"contacts": 1}})
        assert faults(home)[0].startswith("contacts on port 1 is not ready")


def test_the_address_of_a_database_may_stand_in_a_file(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KITH_DATABASE_URL_FILE", str(tmp_path / "url"))
    assert faults(home) == [
        f"KITH_DATABASE_URL_FILE names {tmp_path / 'url'}, which cannot be read: No such file or directory."
    ]
    (tmp_path / "url").write_text(f"postgresql://boss:hush@127.0.0.1:{free_port()}/kith\n")
    assert "boss:hush" in (LocalDatabase(home).external or "")
    assert faults(home) == ["The database of KITH_DATABASE_URL cannot be used: the connection is refused."]


@pytest.mark.parametrize("address", ["hush", "http://boss:hush@db/kith", "postgresql://boss:hu/sh@db/kith"])
def test_an_address_that_is_none_is_not_shown(address: str, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_DATABASE_URL", address)
    assert faults(home) == ["KITH_DATABASE_URL is no address such as postgresql://user:password@host:5432/name."]
