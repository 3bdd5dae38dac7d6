"""The watch over output and logs finds what it is there for, and fails the run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from deploy.local.stack import ROOT
from gateway.keys.rules import make_key
from services.kit.identity import Identity, IdentitySigner
from services.kit.ids import new_id
from tests import keys
from tests.privacy import faults_in
from tests.samples.deliveries import SECRET, shopify

CALLER = Identity(new_id(), new_id())
TEST = """
import os
import structlog

def test_it_talks(tmp_path):
    structlog.get_logger().info("changed", who=os.environ.get("SAID", "7 people"))
    (tmp_path / "log").write_text("first line\\n" + os.environ.get("WRITTEN", "nothing"))
"""


@pytest.mark.parametrize(
    "line",
    [
        "user lin.mei+x@shop.example changed",
        "called +886 912 345 678",
        "called 0912345678",
        "customer 王小明",
        "customer ゆき",
        "customer Lin Mei",
        'body {"given_name": "X"}',
        f"key {make_key('live', Random(1)).text}",
        f"secret {SECRET}",
        "postgresql://contacts_api:abc@127.0.0.1:5432/kith",
        f"key {keys.secret_keys()[0]}",
        f"sealed {keys.vault().encrypt('x').decode()}",
        f"signature {shopify('orders/create', b'{}')['x-shopify-hmac-sha256']}",
        "GET /v1/people?email=x",
        "token "
        + IdentitySigner("gateway", keys.private_key("gateway")).sign(Identity(new_id(), new_id()), "contacts"),
        "filter=QZcanary",
    ],
)
def test_a_line_that_tells_too_much_is_found(line: str) -> None:
    found = list(faults_in(f"harmless\n{line}\n", "log"))
    assert found
    assert all(fault.startswith("log:2: ") for fault in found)


@pytest.mark.parametrize(
    "line",
    [
        '{"method": "GET", "route": "/v1/people/{person_id}", "status": 200, "ms": 1.5, "service": "contacts"}',
        "2026-11-22 08:00:00.123 UTC [4711] contacts_api@kith ERROR:  canceling statement due to user request",
        '{"request_id": "0199c0de-0000-7000-8000-000000000001", "timestamp": "2026-11-22T08:00:00.123456Z"}',
        "postgresql://127.0.0.1:5432/kith",
        "loop_crashed error=InterfaceError where=applier.py:88 > service.py:12",
        "etag 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_an_ordinary_line_is_not(line: str) -> None:
    assert list(faults_in(line, "log")) == []


def run(folder: Path, **said: str) -> subprocess.CompletedProcess[str]:
    """Run a test that passes and talks."""
    (folder / "conftest.py").write_text("from tests.privacy import pytest_configure\n")
    (folder / "test_talk.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    return subprocess.run(
        [*command, f"--basetemp={folder / 'temp'}", "--rootdir", str(folder), str(folder / "test_talk.py")],
        cwd=ROOT,
        env=os.environ | said,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_that_says_nothing_wrong_passes(tmp_path: Path) -> None:
    ended = run(tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_run_whose_output_or_logs_tell_too_much_fails_and_says_where(tmp_path: Path) -> None:
    ended = run(tmp_path, SAID="lin@shop.example", WRITTEN="key of +886912345678")
    shutil.rmtree(tmp_path / "temp")  # what was planted there shall not be found in this run
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "1 passed" in ended.stdout
    assert "test_it_talks (Captured stdout call):1: an e-mail address" in ended.stdout
    assert "/log:2: a telephone number" in ended.stdout
