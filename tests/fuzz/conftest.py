"""One running Kith for requests that a machine makes up."""

from collections.abc import Iterator

import pytest

from tests.system.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All processes of Kith, on free ports and a database of their own."""
    with Stack(tmp_path_factory.mktemp("kith") / "home") as running:
        yield running
