"""One Kith for the whole run, as real processes, and a workspace of its own for every test that wants one."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.system.client import Client
from tests.system.fixtures import client, new_workspace
from tests.system.shops import Shop
from tests.system.stack import Stack
from tests.system.workspaces import Two, two_workspaces

__all__ = ["client", "new_workspace"]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All processes of Kith, on free ports and a database of their own."""
    home = tmp_path_factory.mktemp("kith") / "home"
    with Stack(home, first_workspace_currency="TWD", first_workspace_time_zone="Asia/Taipei") as running:
        yield running


@pytest.fixture(scope="session")
async def two(stack: Stack) -> AsyncIterator[Two]:
    """A workspace with something of everything, and another one; tests leave both as they are."""
    async with two_workspaces(stack) as found:
        yield found


@pytest.fixture(params=["shopify", "woocommerce"])
async def shop(client: Client, request: pytest.FixtureRequest) -> Shop:
    """A connected shop of each platform in turn, in a workspace whose settings every service knows by now."""
    await client.configure(name="A company with shops")
    return await Shop.connect(client, request.param)
