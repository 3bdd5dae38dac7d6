"""`kith up` on a home that was used before."""

import time
from pathlib import Path

import pytest

from deploy.local.stack import LocalStack
from tests.system.client import Client

MOST_SECONDS = 15.0
"""On a machine of its own it takes 3 to 4 s; here it may share two cores with everything else."""


@pytest.mark.timeout(180)
async def test_the_second_start_is_quick_and_keeps_everything(tmp_path: Path) -> None:
    with LocalStack(tmp_path / "home") as first:
        key = first.key
        async with Client(first.url, key) as client:
            person = await client.post("/v1/people", {"given_name": "小明", "family_name": "王"})

    began = time.monotonic()
    with LocalStack(tmp_path / "home") as second:
        took = time.monotonic() - began
        assert second.key == key
        async with Client(second.url, key) as client:
            again = await client.get(f"/v1/people/{person['id']}")

    assert again["display_name"] == "王小明"
    assert took < MOST_SECONDS
