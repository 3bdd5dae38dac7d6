"""The pages about operations name only what there is: settings, commands, files, other pages."""

import re
from pathlib import Path

import pytest
import typer

from deploy import admin, credentials
from deploy.local.listing import sections
from deploy.processes import NAMES
from migrations import __main__ as migrations
from services.kit.problems import Unavailable
from tests.deploy.containerfile import ROOT

FOLDER = ROOT / "docs" / "operations"
PAGES = sorted([*FOLDER.glob("*.md"), ROOT / "docs" / "operations.md"])
SETTING = re.compile(r"\bKITH_[A-Z_]+\b")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#([^)]+))?\)")
FILE = re.compile(r"(?<![\w/])(?:tests/[\w/]+\.py|(?:tests/)?deploy/[\w./-]+\w)")
CODE = re.compile(r"```.*?```|`[^`]+`", re.DOTALL)
COMMANDS = {"deploy.admin": admin.app, "deploy.credentials": credentials.app, "migrations": migrations.app}
COMMAND = re.compile(r"(?<![\w./])(deploy\.admin|deploy\.credentials|migrations) ([a-z][a-z-]+)\b")
# Variables of the compose file itself, and the general form.
ELSEWHERE = {"KITH_ADDRESS", "KITH_IMAGE", "KITH_X", "KITH_X_FILE", "KITH_SYSTEM_FOLDER"}
MADE_LATER = {"deploy/compose/secrets"}


@pytest.fixture(params=PAGES, ids=lambda page: page.stem)
def page(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_every_setting_is_a_real_one(page: Path) -> None:
    real = {setting.variable for _, settings in sections() for setting in settings} | ELSEWHERE
    named = set(SETTING.findall(page.read_text()))
    assert named <= real


def test_every_file_is_there(page: Path) -> None:
    named = set(FILE.findall(page.read_text())) - MADE_LATER
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_link_leads_somewhere(page: Path) -> None:
    for target, section in LINK.findall(page.read_text()):
        text = (page.parent / target).read_text()
        headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
        assert not section or section in headings, f"{target}#{section}"


def test_every_command_is_there(page: Path) -> None:
    text = " ".join(CODE.findall(page.read_text()))
    for module, command in COMMAND.findall(text):
        assert command in commands_of(COMMANDS[module]), f"{module} {command}"
    for process in re.findall(r"deploy\.serve (\w+)", text):
        assert process in NAMES


def commands_of(app: typer.Typer) -> set[str]:
    """Return the names of a program's commands."""
    named = {each.name or getattr(each.callback, "__name__", "") for each in app.registered_commands}
    return {name.replace("_", "-") for name in named}


def test_the_page_about_failures_says_what_callers_are_answered() -> None:
    text = (FOLDER / "failures.md").read_text()
    assert str(Unavailable.status) in text
    assert "`Retry-After`" in text
