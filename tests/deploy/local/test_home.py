"""The folder of a local run."""

import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from deploy.local.errors import LocalRunError
from deploy.local.home import Home, write_private


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def test_only_the_owner_reads_what_is_private(home: Home) -> None:
    write_private(home.admin_key, "kith_live_1\n")
    assert stat.S_IMODE(home.admin_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.secrets.stat().st_mode) == 0o700
    assert home.admin_key.read_text() == "kith_live_1\n"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LocalRunError, match=r"cannot be written: Not a directory\. Set KITH_HOME"):
        Home(tmp_path / "file" / "home").prepare()


def test_what_cannot_be_written_leaves_nothing_half_written(home: Home) -> None:
    home.admin_key.mkdir()
    with pytest.raises(OSError, match="Is a directory") as refused:
        write_private(home.admin_key, "kith_live_1\n")
    assert refused.value.filename == str(home.admin_key)
    assert not list(home.path.glob(".admin.key*"))


def test_a_home_is_open_to_no_other_writer_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Home(tmp_path / "open").prepare()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o755


def test_a_lock_that_is_not_ours_is_named(home: Home) -> None:
    (home.path / "lock").mkdir()
    with pytest.raises(LocalRunError, match=r"lock cannot be used: .* Start Kith as the user who"), home.locked():
        pytest.fail("there is no lock")


def test_two_runs_do_not_share_a_home(home: Home) -> None:
    with home.locked(), pytest.raises(LocalRunError, match=r"runs in .* already \(process \d+\)"), home.locked():
        pytest.fail("the second run got in")


def test_a_look_at_a_free_lock_is_no_run(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.local.home.PATIENCE_SECONDS", 60)
    look = os.open(home.path / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(look, fcntl.LOCK_EX)
    Timer(0.1, os.close, (look,)).start()
    with home.locked():
        assert (home.path / "lock").read_text() == str(os.getpid())


def test_the_lock_of_a_killed_run_is_no_lock(home: Home) -> None:
    script = f"import os\nfrom deploy.local.home import Home\nfrom pathlib import Path\nHome(Path({str(home.path)!r}))"
    script += ".locked().__enter__()\nos.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert (home.path / "lock").read_text()
    with home.locked():
        pass


def test_the_state_counts_only_while_kith_runs(home: Home) -> None:
    with home.locked():
        home.note_state({"pid": os.getpid()})
        assert home.state() == {"pid": os.getpid()}
    assert home.state() is None
    with home.locked():
        home.note_state({"pid": 1})
        assert home.state() is None, "the state of another run"
    home.forget_run()
    assert not list(home.run.iterdir())


def test_the_key_file_may_lie_elsewhere(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_BOOTSTRAP_ADMIN_KEY_FILE", str(tmp_path / "key"))
    assert home.admin_key == tmp_path / "key"
