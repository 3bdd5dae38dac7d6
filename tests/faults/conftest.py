"""One Kith for the fault tests, apart from everybody else's."""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import nullcontext
from random import Random, SystemRandom

import pytest

from deploy.local.ports import free_port
from tests.faults.load import Load
from tests.system.client import Client
from tests.system.fixtures import client, new_workspace
from tests.system.stack import Stack

__all__ = ["client", "new_workspace"]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All processes, watched by a parent that starts again what dies; on a port that stays theirs."""
    home = tmp_path_factory.mktemp("faults") / "home"
    with Stack(home, port=str(free_port()), first_workspace_currency="TWD") as running:
        yield running


@pytest.fixture
def say(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Write a line to the terminal, also where the test passes."""
    capture = pytestconfig.pluginmanager.get_plugin("capturemanager")

    def write(line: str) -> None:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            sys.stdout.write(f"\n{line}\n")

    return write


@pytest.fixture
def chance(say: Callable[[str], None]) -> Random:
    """Dice with a seed that is printed; FAULT_SEED throws them the same way again."""
    seed = int(os.environ.get("FAULT_SEED") or SystemRandom().randrange(1_000_000))
    say(f"seed {seed}: repeat with FAULT_SEED={seed} make test-faults")
    return Random(seed)


@pytest.fixture
async def load(client: Client, chance: Random, say: Callable[[str], None]) -> AsyncIterator[Load]:
    """Shops and senders, ready to run; tells in the end what they sent."""
    made = await Load.prepare(client, chance)
    yield made
    say(str(made))
