"""What no file of the repository may say: where packages come from, and how somebody's machine is laid out."""

import re

import pytest

from tests.house.sources import ROOT, tracked_files

# Written so that they do not match themselves.
REGISTRIES = re.compile(rb"(py[p]i|pythonhoste[d])\.org|registry\.npmj[s]|deb\.debia[n]\.org", re.IGNORECASE)
MACHINE_PATHS = re.compile(rb"(^|[^A-Za-z0-9._-])/(work|farm|hom[e]/[a-z]+|User[s]/[a-z]+)/", re.MULTILINE)
CONFLICTS = re.compile(rb"^(<<<<<<< |>>>>>>> )", re.MULTILINE)

EXAMPLES = [
    (REGISTRIES, b"https://py" + b"pi.org/simple"),
    (REGISTRIES, b"https://files.pythonhoste" + b"d.org/packages"),
    (REGISTRIES, b"https://registry.npmj" + b"s.org"),
    (MACHINE_PATHS, b'path = "/wor' + b'k/main"'),
    (MACHINE_PATHS, b"/hom" + b"e/ann/project"),
    (CONFLICTS, b"<" * 7 + b" HEAD\n"),
]


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE_PATHS, CONFLICTS], ids=["registries", "machines", "conflicts"])
def test_no_file_mentions(pattern: re.Pattern[bytes]) -> None:
    found = [str(path) for path in tracked_files() if pattern.search((ROOT / path).read_bytes())]
    assert not found


@pytest.mark.parametrize(("pattern", "text"), EXAMPLES)
def test_a_mention_is_found(pattern: re.Pattern[bytes], text: bytes) -> None:
    assert pattern.search(text)


def test_the_files_that_everybody_looks_for_are_there() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", ".ci/run"):
        assert (ROOT / name).is_file(), name
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
