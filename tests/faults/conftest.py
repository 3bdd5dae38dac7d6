"""One Kith for the fault tests, apart from everybody else's."""

import os
from collections.abc import AsyncIterator, Iterator
from random import Random, SystemRandom

import pytest

from deploy.local.ports import free_port
from tests.faults.load import Load
from tests.system.client import Client
from tests.system.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All processes, watched by a parent that starts again what dies; on a port that stays theirs."""
    home = tmp_path_factory.mktemp("faults") / "home"
    with Stack(home, port=str(free_port()), first_workspace_currency="TWD") as running:
        yield running


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[Client]:
    """A front end with the admin key."""
    async with Client(stack.url, stack.key) as found:
        yield found


@pytest.fixture
def chance(pytestconfig: pytest.Config) -> Random:
    """Dice with a seed that is printed; FAULT_SEED throws them the same way again."""
    seed = int(os.environ.get("FAULT_SEED") or SystemRandom().randrange(1_000_000))
    reporter = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(f"\nseed {seed}: repeat with FAULT_SEED={seed} make test-faults")
    return Random(seed)


@pytest.fixture
async def load(client: Client, chance: Random) -> Load:
    """Shops and senders, ready to run."""
    return await Load.prepare(client, chance)
