"""What tests of a running Kith share: the processes, a client, workspaces. Conftests import what their tests want."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from deploy.local.bootstrap import running_gateway
from gateway import bootstrap
from tests.system.client import Client
from tests.system.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All processes of Kith, on free ports and a database of their own."""
    with Stack(tmp_path_factory.mktemp("kith") / "home") as running:
        yield running


@pytest.fixture
async def client(stack: Stack) -> AsyncIterator[Client]:
    """A front end with the admin key of the first workspace."""
    async with Client(stack.url, stack.key) as found:
        yield found


@pytest.fixture
async def new_workspace(stack: Stack) -> AsyncIterator[Callable[[], Awaitable[Client]]]:
    """Maker of workspaces: a client with the admin key of an empty one."""
    async with AsyncExitStack() as clients:

        async def make() -> Client:
            _, key = await bootstrap.create_workspace(running_gateway(stack.home), "Test")
            return await clients.enter_async_context(Client(stack.url, key))

        yield make
