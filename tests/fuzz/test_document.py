"""Requests that schemathesis makes up from the document: none fails here, none is answered otherwise than documented.

`make test-api` runs a bounded part, the same every time; `make fuzz` more of it, with several seeds
(`KITH_FUZZ_SEEDS`, `KITH_FUZZ_EXAMPLES`, `KITH_FUZZ_PHASES`).
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.system.stack import Stack

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DOCUMENT = ROOT / "docs" / "api" / "openapi.json"
TOOL = ROOT / ".venv-contract" / "bin" / "schemathesis"
SEEDS = os.environ.get("KITH_FUZZ_SEEDS", "1").split(",")
EXAMPLES = os.environ.get("KITH_FUZZ_EXAMPLES", "5")
PHASES = os.environ.get("KITH_FUZZ_PHASES", "coverage,fuzzing")


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS)
def test_made_up_requests_find_nothing(stack: Stack, seed: str) -> None:
    command: list[str | Path] = [
        TOOL,
        "--config-file",
        HERE / "schemathesis.toml",
        "run",
        DOCUMENT,
    ]
    command += ["--url", stack.url, "--header", f"Authorization: Bearer {stack.key}", "--phases", PHASES]
    # One worker: CPython 3.11 cannot parse code in two threads at once, which the tool does now and then.
    command += ["--seed", seed, "--max-examples", EXAMPLES, "--workers", "1", "--continue-on-failure", "--no-color"]
    command += ["--generation-database", "none", "--warnings", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
