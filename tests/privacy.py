"""Whatever processes print or log in tests is searched for personal data and secrets when the tests are over.

Begun by `conftest.py`: what each test let through is looked at as it comes, the log files of real processes and of
PostgreSQL at the end. Values are recognised by their shape, by the script they are written in, and by the names and
secrets that our test data uses.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.demo.names import PLACES
from deploy.local.stack import system_folder

LOG_FILES = ("log", "*.log", "*.log.1")
MOST_SHOWN = 20
OUR_NAMES = ("Ann", "Anna", "Annie", "Bea", "Lin Mei", "Uncle Ming", "Ming", "Mei", "Qzcanary")
LATIN = re.compile(r"[A-Z][a-z]{2,}")
DEMO_NAMES = {name for place in PLACES for pair in (*place.families, *place.givens) for name in pair}
NAMES = "|".join(sorted({*OUR_NAMES, *filter(LATIN.fullmatch, DEMO_NAMES)}, key=len, reverse=True))

FORBIDDEN = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)*\.[a-zA-Z]{2,}"),
    "a telephone number": re.compile(r"\+\d[\d ()-]{7,}\d|\b09\d{8}\b"),
    "a name": re.compile(rf"\b({NAMES})\b|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"),
    "a field of a body": re.compile(
        r"[\"'](given_name|family_name|first_name|last_name|emails?|phones?)[\"']\s*:\s*[\"'\[{]"
    ),
    "an API key": re.compile(r"kith_(live|test)_[0-9A-Za-z]{10}_[0-9A-Za-z]{20,}"),
    "a token": re.compile(r"eyJ[\w-]{5,}\.[\w-]{5,}"),
    "a secret": re.compile(r"hush-|password-of-|gAAAAA|://[^/\s:@]+:[^/\s:@]+@"),
    "32 bytes in base64: a key or a signature": re.compile(r"(?<![\w+/=-])[\w+/-]{43}=(?![\w=])"),
    "the query of an address": re.compile(r"[\w/]\?[a-z_]+="),
    "a value that only this test knows": re.compile(r"qzcanary", re.IGNORECASE),
}


def faults_in(text: str, origin: str) -> Iterator[str]:
    """Yield what may not stand in a text, with its line."""
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in FORBIDDEN.items():
            if pattern.search(line):
                yield f"{origin}:{number}: {what}: {line.strip()[:300]}"


def log_files(folder: Path) -> Iterator[Path]:
    """Yield the log files below a folder."""
    for pattern in LOG_FILES:
        yield from (path for path in folder.rglob(pattern) if path.is_file())


class Watch:
    """Looks at all output of one run of the tests."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def hear(self, report: pytest.TestReport) -> None:
        """Look at what was printed and logged while one step of a test ran."""
        for title, text in report.sections:
            if "Captured" in title:
                self.faults += faults_in(text, f"{report.nodeid} ({title})")

    def read(self, folders: list[Path]) -> None:
        """Look at the log files that were left behind."""
        for folder in folders:
            for path in log_files(folder):
                self.faults += faults_in(path.read_text(errors="replace"), str(path))


WATCH = pytest.StashKey[Watch]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch, in the one process that hears of every test."""
    if not hasattr(config, "workerinput"):
        config.stash[WATCH] = Watch()
        config.pluginmanager.register(Ears(config.stash[WATCH]), "privacy")


class Ears:
    """The hooks of the process that watches."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at a report."""
        self._watch.hear(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look at the files, and let the run fail where anything was found."""
        folders = [session.config._tmp_path_factory.getbasetemp()]  # type: ignore[attr-defined]  # pytest has no public way
        if system_folder.cache_info().currsize:
            folders.append(system_folder())
        self._watch.read(folders)
        if self._watch.faults and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was found."""
        found = list(dict.fromkeys(self._watch.faults))
        if found:
            terminalreporter.section("personal data or secrets in output and logs", red=True)
            terminalreporter.write("\n".join(found[:MOST_SHOWN]) + "\n")
            terminalreporter.write_line(f"{len(found)} lines; see tests/privacy.py", red=True)
