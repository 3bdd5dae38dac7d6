"""Where the server's files may lie."""

import os
import stat
from pathlib import Path

import pytest

from deploy.local.errors import LocalRunError
from deploy.local.placement import Owner, find_owner, make_system_folder, place_for, server_folder

STRANGER = Owner(uid=54321, gid=54321, dropped=True)
OURSELVES = Owner(os.geteuid(), os.getegid(), dropped=False)


@pytest.mark.parametrize(("mode", "enters"), [(0o755, True), (0o711, True), (0o750, False), (0o700, False)])
def test_a_stranger_reaches_what_every_folder_above_lets_in(open_folder: Path, mode: int, enters: bool) -> None:
    folder = open_folder / "above"
    folder.mkdir()
    folder.chmod(mode)
    inside = folder / "inside"
    inside.mkdir()
    assert STRANGER.reaches(inside) is enters


def test_the_owner_and_the_group_have_their_own_bits(open_folder: Path) -> None:
    file = open_folder / "file"
    file.touch(mode=0o640)
    status = file.stat()
    assert Owner(status.st_uid, 1, dropped=True).can(file, 6)
    assert Owner(54321, status.st_gid, dropped=True).can(file, 4)
    assert not Owner(54321, status.st_gid, dropped=True).can(file, 2)


def test_the_server_never_runs_as_root() -> None:
    owner = find_owner()
    assert owner.uid != 0
    assert owner.dropped == (os.geteuid() == 0)


def test_the_installed_server_is_used_where_it_can_be_read(open_folder: Path) -> None:
    assert (server_folder(OURSELVES, open_folder / "system") / "postgres").exists()
    assert not (open_folder / "system").exists()


def test_an_unreadable_server_is_copied_for_everybody(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Owner, "reaches", lambda *_: False)
    folder = server_folder(STRANGER, open_folder / "system")
    assert open_folder / "system" in folder.parents
    assert stat.S_IMODE((folder / "postgres").stat().st_mode) == 0o755
    assert server_folder(STRANGER, open_folder / "system") == folder


def test_the_place_is_the_home_itself_and_private(open_folder: Path) -> None:
    home = open_folder / "home"
    assert place_for(home, OURSELVES, open_folder / "system") == home
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_place_that_is_gone_is_named(open_folder: Path) -> None:
    home = open_folder / "home"
    home.mkdir()
    (home / "elsewhere").symlink_to(open_folder / "gone")
    with pytest.raises(LocalRunError, match="which is gone"):
        place_for(home, OURSELVES, open_folder / "system")


def test_a_folder_that_cannot_be_made_is_named(open_folder: Path) -> None:
    (open_folder / "file").touch()
    with pytest.raises(LocalRunError, match="cannot be written: Not a directory"):
        place_for(open_folder / "file" / "home", OURSELVES)
    with pytest.raises(LocalRunError, match="cannot be created: Not a directory"):
        make_system_folder(open_folder / "file" / "system")
