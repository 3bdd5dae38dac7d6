"""The entry point of one process: it says what is wrong with its settings, and never what they are."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from deploy.local.ports import port_of, reserve
from deploy.local.stack import ROOT
from deploy.processes import NAMES
from deploy.serve import main
from services.kit.settings import PREFIX
from tests import keys

SECRET = "a-password-nobody-may-see"
ENOUGH = {
    "API_DATABASE_URL": f"postgresql://gateway_api:{SECRET}@127.0.0.1:1/none",
    "WORKER_DATABASE_URL": f"postgresql://gateway_worker:{SECRET}@127.0.0.1:1/none",
    "IDENTITY_PRIVATE_KEY": keys.private_key("gateway"),
    "SECRET_KEYS": '["1:' + keys.secret_keys()[0].partition(":")[2] + '"]',
}


@dataclass(frozen=True)
class Ended:
    """How the entry point ended, and what it said."""

    code: int
    said: str


Start = Callable[..., Ended]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Start:
    """Run the entry point, which ends at once where it cannot go on."""

    def run(*arguments: str, **settings: str) -> Ended:
        for name, value in settings.items():
            monkeypatch.setenv(f"{PREFIX}{name}", value)
        try:
            code = main(arguments)
        except SystemExit as ending:
            code = int(str(ending.code))
        output = capfd.readouterr()
        return Ended(code, output.out + output.err)

    return run


@pytest.mark.parametrize("name", NAMES)
def test_it_names_each_setting_that_is_missing(start: Start, name: str) -> None:
    ended = start(name)

    assert ended.code == 2
    missing = {f"{PREFIX}{setting}: Field required" for setting in ENOUGH}
    assert set(ended.said.splitlines()) == missing


@pytest.mark.parametrize(
    ("setting", "value"),
    [("SECRET_KEYS", SECRET), ("PORT", SECRET), ("API_POOL_SIZE", "0"), ("PEERS", f'["{SECRET}"]')],
)
def test_it_names_a_setting_that_is_wrong_without_its_value(start: Start, setting: str, value: str) -> None:
    ended = start("gateway", **ENOUGH | {setting: value})

    assert ended.code == 2
    assert setting.lower() in ended.said.lower()
    assert SECRET not in ended.said


def test_it_names_a_file_that_is_not_there(start: Start) -> None:
    ended = start("gateway", **ENOUGH | {"SECRET_KEYS": "", "SECRET_KEYS_FILE": "/run/secrets/none"})
    assert ended.code == 2
    assert ended.said == "/run/secrets/none: No such file or directory\n"


def test_it_names_an_address_that_is_taken(start: Start) -> None:
    with reserve(0) as taken:
        taken.listen()
        ended = start("gateway", **ENOUGH | {"PORT": str(port_of(taken))})
        assert ended.code == 2
        assert ended.said == f"127.0.0.1 port {port_of(taken)}: Address already in use\n"


def test_a_database_that_is_away_ends_it_so_that_whoever_started_it_tries_again() -> None:
    environment = dict(os.environ) | {f"{PREFIX}{name}": value for name, value in ENOUGH.items()}
    command = [sys.executable, "-m", "deploy.serve", "gateway"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 3
    assert SECRET not in ended.stderr + ended.stdout


def test_there_are_four_processes(start: Start) -> None:
    ended = start("nobody")
    assert ended.code == 2
    assert all(name in ended.said for name in NAMES)
