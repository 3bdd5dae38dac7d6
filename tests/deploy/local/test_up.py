"""`kith up` with real processes: it starts, says why it stops, and recovers from every kind of end."""

import asyncio
import contextlib
import http.client
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.database import create_database
from deploy.local.ports import free_port, port_of, reserve
from deploy.local.postgres import Cluster
from deploy.local.processes import PART_NAMES
from deploy.local.readiness import is_ready
from deploy.local.stack import ROOT, LocalStack

# Whole starts and stops, several a test, on a machine that may be busy with other tests.
pytestmark = pytest.mark.timeout(600)

ALL = ("up", "postgres", *PART_NAMES)
PATIENCE_SECONDS = 120


@pytest.fixture
def stack(open_folder: Path) -> Iterator[LocalStack]:
    made = LocalStack(open_folder / "home")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def running() -> Iterator[LocalStack]:
    """One run for all tests that leave it as it is."""
    folder = Path(tempfile.mkdtemp(prefix="kith-test-"))
    folder.chmod(0o755)
    with LocalStack(folder / "home") as made:
        yield made
    shutil.rmtree(folder, ignore_errors=True)


def get(stack: LocalStack, path: str, key: str | None = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", stack.state["ports"]["gateway"], timeout=PATIENCE_SECONDS)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Authorization": f"Bearer {key or stack.key}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def lives(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def is_whole(stack: LocalStack) -> bool:
    return all(is_ready(port)[0] for port in stack.state["ports"].values())


def await_end_of(pids: list[int]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(lives(pid) for pid in pids):
        assert time.monotonic() < deadline, f"still running: {[pid for pid in pids if lives(pid)]}"
        time.sleep(0.05)


def kith(stack: LocalStack, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"KITH_HOME": str(stack.home.path), "KITH_PORT": "0"} | settings
    command = [sys.executable, "-m", "deploy.local", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)


def test_the_first_start_makes_a_workspace_with_a_key_and_a_stop_leaves_nothing(stack: LocalStack) -> None:
    stack.start()
    assert stat.S_IMODE(stack.home.admin_key.stat().st_mode) == 0o600
    status, me = get(stack, "/v1/me")
    assert (status, me["scopes"]) == (200, ["admin"])
    pids = [stack.pid(name) for name in ALL]
    assert all(map(lives, pids))
    key = stack.key
    assert stack.stop() == 0
    assert not any(map(lives, pids))
    assert not list(stack.home.run.iterdir())
    stack.start()
    assert stack.key == key
    assert get(stack, "/v1/me")[0] == 200


def test_the_death_of_one_ends_all_with_its_reason_and_the_next_start_recovers(stack: LocalStack) -> None:
    # The second start is the one that recovers: from the death of the server, which leaves most to be mended.
    for name in ("postgres", "contacts-worker"):
        stack.start()
        assert get(stack, "/v1/me")[0] == 200
        pids = [stack.pid(each) for each in ALL]
        stack.kill(name)
        assert stack.wait() == 1
        assert not any(map(lives, pids))
        reason = "PostgreSQL has ended" if name == "postgres" else f"{name} was ended by SIGKILL"
        assert f"Kith has stopped, because {reason}" in stack.tail().splitlines()[-1]


def test_nothing_outlives_a_killed_parent_and_the_next_start_recovers_at_once(stack: LocalStack) -> None:
    stack.start()
    pids = [stack.pid(name) for name in ALL]
    stack.kill("up")
    stack.wait()
    stack.start()
    await_end_of(pids)
    assert get(stack, "/v1/me")[0] == 200


def test_ctrl_c_is_a_clean_stop(stack: LocalStack) -> None:
    stack.start()
    stack.kill("up", signal.SIGINT)
    assert stack.wait() == 0
    assert stack.tail().endswith("kith            | Kith has stopped.")


def test_what_dies_starts_again_when_asked_to_keep_going(open_folder: Path) -> None:
    with LocalStack(open_folder / "home", keep_going=True) as stack:
        time.sleep(3.5)  # what dies sooner after its start would only die again
        for name in ("contacts", "contacts-worker", "postgres"):
            before = stack.pid(name)
            stack.kill(name)
            deadline = time.monotonic() + PATIENCE_SECONDS
            # All are ready before the next one dies: what is only starting then would find no database, and give up.
            while stack.pid(name) == before or not is_whole(stack) or get(stack, "/v1/people")[0] != 200:
                assert time.monotonic() < deadline, stack.tail()
                time.sleep(0.1)


def test_commands_create_workspaces_and_keys(running: LocalStack) -> None:
    made = kith(running, "workspace", "create", "Second").stdout.split()
    workspace = get(running, "/v1/me", made[1])[1]["workspace"]
    assert (workspace["id"], workspace["name"]) == (made[0], "Second")
    narrow = kith(running, "key", "create", "desk", "--workspace", made[0], "--scope", "people:read").stdout.strip()
    assert get(running, "/v1/me", narrow)[1]["scopes"] == ["people:read"]
    wrong = kith(running, "key", "create", "desk", "--workspace", made[0], "--scope", "everything")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert kith(running, "doctor").returncode == 0


def test_commands_for_what_runs_say_so_when_it_does_not(stack: LocalStack) -> None:
    refused = kith(stack, "key", "create", "desk")
    assert refused.returncode == 1
    assert refused.stderr == f"Kith does not run in {stack.home.path}; start it with `make run`.\n"


def test_a_second_start_in_one_home_is_refused_in_a_sentence(running: LocalStack) -> None:
    again = kith(running, "up")
    assert again.returncode == 1
    assert again.stderr.startswith("Kith runs in ")
    assert again.stderr.count("\n") == 1
    assert get(running, "/v1/me")[0] == 200


def test_a_taken_port_is_named_in_a_sentence(stack: LocalStack) -> None:
    with reserve(0) as holder:
        holder.listen()
        port = port_of(holder)
        refused = kith(stack, "up", KITH_PORT=str(port))
    assert refused.returncode == 1
    assert refused.stderr == f"Port {port} is taken by another program. Set KITH_PORT to another one.\n"


def test_a_wrong_setting_is_named_without_its_value(stack: LocalStack) -> None:
    refused = kith(stack, "up", KITH_API_POOL_SIZE="plenty-of-them")
    assert refused.returncode == 1
    assert refused.stderr.startswith("KITH_API_POOL_SIZE: ")
    assert "plenty-of-them" not in refused.stderr + refused.stdout


def test_an_existing_server_is_used_instead_of_an_own_one(open_folder: Path) -> None:
    server = Cluster(open_folder / "server", throwaway=True, port=free_port())
    info = server.start()
    asyncio.run(create_database(info.admin_dsn, "customers"))
    address = f"postgresql://{info.user}:{info.password}@127.0.0.1:{info.tcp_port}/customers"
    try:
        with LocalStack(open_folder / "home", database_url=address) as stack:
            assert get(stack, "/v1/me")[0] == 200
            assert not stack.home.postgres.exists()
        assert server.pid is not None
    finally:
        server.stop()


def test_a_server_that_cannot_be_reached_is_named_in_a_sentence(stack: LocalStack) -> None:
    refused = kith(stack, "up", KITH_DATABASE_URL=f"postgresql://somebody:hush@127.0.0.1:{free_port()}/kith")
    assert refused.returncode == 1
    assert refused.stderr == "The database of KITH_DATABASE_URL cannot be used: the connection is refused.\n"
    assert "hush" not in refused.stdout


def test_what_the_set_up_cannot_do_is_the_last_line(stack: LocalStack) -> None:
    refused = kith(stack, "up", KITH_BOOTSTRAP_ADMIN_KEY_FILE="/dev/null/none/key")
    assert refused.returncode == 1
    assert refused.stderr == "/dev/null/none cannot be used: Not a directory.\n"
    # The workspace was not made either: its only key would be lost.
    stack.start()
    assert get(stack, "/v1/me")[0] == 200
