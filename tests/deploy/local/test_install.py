"""Building the virtual environment: quick the second time, one clear sentence when it cannot be done."""

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import install

PRELUDE = """
import runpy, sys
{before}
sys.argv = [{script!r}, *{arguments!r}]
runpy.run_path({script!r}, run_name="__main__")
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of its own with nothing to install."""
    root = tmp_path / "Kith's 資料夾"
    folder = root / "deploy" / "local"
    folder.mkdir(parents=True)
    shutil.copy(install.__file__, folder / "install.py")
    for name in ("requirements.lock", "requirements-dev.lock"):
        (root / name).write_text(f"# {name}: nothing\n")
    return root


def begin(tree: Path, *arguments: str, before: str = "") -> subprocess.Popen[str]:
    script = str(tree / "deploy" / "local" / "install.py")
    program = PRELUDE.format(before=before, script=script, arguments=list(arguments))
    return subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": ""},
    )


def run(tree: Path, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    started = begin(tree, *arguments, before=before)
    out, err = started.communicate()
    return subprocess.CompletedProcess(started.args, started.returncode, out, err)


def test_it_builds_the_environment_with_the_project_on_its_path_and_the_command(tree: Path) -> None:
    assert run(tree).returncode == 0
    python = tree / ".venv" / "bin" / "python"
    (tree / "deploy" / "local" / "cli.py").write_text("def main() -> None:\n    print('the command runs')\n")
    kith = tree / ".venv" / "bin" / "kith"
    assert stat.S_IMODE(kith.stat().st_mode) & 0o111
    assert subprocess.run([kith], check=True, capture_output=True, text=True).stdout == "the command runs\n"
    imported = subprocess.run([python, "-c", "import deploy.local.install"], check=False, cwd="/")
    assert imported.returncode == 0


def test_the_second_time_it_does_nothing(tree: Path) -> None:
    at_once = [begin(tree, "dev") for _ in range(2)]
    said = [each.communicate()[0] for each in at_once]
    assert [each.returncode for each in at_once] == [0, 0]
    assert sum("Installing" in text for text in said) == 1, "one waits for the other"
    # The environment for development serves `make run` too.
    for arguments in (["dev"], []):
        again = run(tree, *arguments)
        assert (again.returncode, again.stdout) == (0, "")
    (tree / "requirements.lock").write_text("# changed\n")
    assert "Installing" in run(tree).stdout


def test_one_that_was_broken_off_begins_anew_and_says_so_in_one_sentence(tree: Path) -> None:
    pressed = "import subprocess\ndef press(*_, **__):\n    raise KeyboardInterrupt\nsubprocess.run = press"
    done = run(tree, before=pressed)
    assert (done.returncode, done.stderr) == (1, "Broken off; the next make goes on from there.\n")


def test_a_missing_venv_module_is_named_in_one_sentence(tree: Path) -> None:
    done = run(tree, before="sys.modules['ensurepip'] = None")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt-get install python3-venv" in done.stderr


def test_an_old_python_is_named_in_one_sentence(tree: Path) -> None:
    done = run(tree, before="sys.version_info = (3, 9)")
    assert done.returncode == 1
    assert done.stderr.startswith("Kith needs Python 3.11 or newer; this is ")
    assert done.stderr.count("\n") == 1
