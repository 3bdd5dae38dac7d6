"""docs/capabilities.md tells the truth: every idea is listed once, and what it calls done has a test that exists."""

import re

from tests.house.sources import ROOT

DOCUMENT = ROOT / "docs" / "capabilities.md"
ROW = re.compile(r"^\| (S\d{3}) \| (?P<idea>[^|]+) \| (?P<where>[^|]+) \| (?P<proof>[^|]*) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/.-]+)`")
COUNT = 279


def rows() -> list[re.Match[str]]:
    return list(ROW.finditer(DOCUMENT.read_text(encoding="utf-8")))


def test_every_idea_of_the_founders_is_listed_once_and_in_order() -> None:
    assert [row[1] for row in rows()] == [f"S{number:03}" for number in range(1, COUNT + 1)]


def test_what_is_there_names_a_test_that_exists() -> None:
    wrong = []
    for row in rows():
        tests = TEST.findall(row["proof"])
        done = row["where"].strip() != "not yet"
        if done != bool(tests) or not all((ROOT / test).exists() for test in tests):
            wrong.append(row[0])
    assert not wrong, "\n".join(wrong)
