"""Keys for secrets at rest are added, promoted and retired while Kith goes on, and nothing that it keeps is lost."""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.errors import LocalRunError
from deploy.local.home import Home
from deploy.local.keys import Keys, new_secret_key
from deploy.local.stack import ROOT, LocalStack
from deploy.processes import NAMES
from migrations.addresses import Roles, role_url
from services.kit.settings import PREFIX
from tests.system.client import Client, eventually
from tests.system.shops import Shop


def set_keys(home: Home, change: int) -> None:
    """Put a new key before those of each process (+1), or leave only the first (-1)."""
    for name in NAMES:
        file = home.secrets / f"secret-keys-{name}"
        kept = file.read_text().split()
        file.write_text("\n".join([new_secret_key(), *kept] if change > 0 else kept[:1]) + "\n")


def told(stack: LocalStack, name: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Ask the command that counts secrets, with the settings of one process."""
    keys, roles = Keys(stack.home.secrets), Roles(name)
    passwords = keys.role_passwords(roles.logins)
    database = stack.state["database_url"]
    settings = {
        "API_DATABASE_URL": role_url(database, roles.api, passwords),
        "WORKER_DATABASE_URL": role_url(database, roles.worker, passwords),
        "IDENTITY_PRIVATE_KEY": keys.identity_private_key(name),
        "SECRET_KEYS": json.dumps(keys.secret_keys(name)),
    }
    environment = os.environ | {f"{PREFIX}{variable}": value for variable, value in settings.items()}
    command = [sys.executable, "-m", "deploy.admin", "secrets", name, *more]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def is_clean(stack: LocalStack, name: str) -> bool:
    """Tell whether a process's first key has sealed everything."""
    answer = told(stack, name)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    first, second = (line.split(maxsplit=2) for line in answer.stdout.splitlines())
    return first[2] == "in use" and int(first[1]) > 0 and second[1] == "0"


async def test_a_key_goes_and_api_keys_webhooks_and_kept_replies_stay(tmp_path: Path) -> None:
    repeated = {"json": {"given_name": "美玲", "family_name": "周"}, "headers": {"Idempotency-Key": str(uuid4())}}
    with LocalStack(tmp_path / "home") as stack:
        key = stack.key
        async with Client(stack.url, key) as client:
            shop = await Shop.connect(client, "shopify")
            await shop.place(shop.order())
            first = await client.send("POST", "/v1/people", **repeated)

    set_keys(stack.home, +1)
    with LocalStack(tmp_path / "home") as stack:
        for name in NAMES:

            async def clean(name: str = name) -> bool:
                return is_clean(stack, name)

            await eventually(clean, f"everything of {name} is sealed with the new key", 120)
        async with Client(stack.url, key) as client:
            shop.client = client
            await shop.place(shop.order())

    set_keys(stack.home, -1)
    with LocalStack(tmp_path / "home") as stack:
        async with Client(stack.url, key) as client:
            shop.client = client
            order = shop.order()
            await shop.place(order)
            assert (await shop.stored_order(order.external_id))["status"] == "paid"
            again = await client.send("POST", "/v1/people", **repeated)
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert again.headers["Idempotency-Replayed"] == "true"
        lines = told(stack, "contacts").stdout.splitlines()
        assert [line.split(maxsplit=2)[2] for line in lines] == ["in use"]


async def test_a_key_that_goes_too_early_stops_the_start_with_a_reason(tmp_path: Path) -> None:
    with LocalStack(tmp_path / "home") as stack:
        old = (stack.home.secrets / "secret-keys-contacts").read_text()
        (stack.home.secrets / "secret-keys-contacts").write_text(new_secret_key() + "\n")
        missing = told(stack, "contacts")
        assert missing.returncode == 1
        assert "MISSING" in missing.stdout

    again = LocalStack(tmp_path / "home")
    with pytest.raises(LocalRunError):
        again.start()
    assert "secret_keys_do_not_open" in again.log.read_text()
    assert "contacts ended with exit code 3." in again.log.read_text()

    (stack.home.secrets / "secret-keys-contacts").write_text(old)
    with LocalStack(tmp_path / "home") as stack:
        async with Client(stack.url, stack.key) as client:
            await client.get("/v1/me")
