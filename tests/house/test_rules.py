"""The house keeps its rules, and each rule catches what it is there for."""

from collections.abc import Callable
from pathlib import PurePosixPath

import pytest

from tests.house import rules
from tests.house.rules import RULES, Faults
from tests.house.sources import Source, python_sources

SOURCES = python_sources()
Rule = Callable[[Source], Faults]

SERVICE = "services/contacts/people/service.py"
RULES_FILE = "services/contacts/people/rules.py"
DEPENDENCIES = "services/contacts/people/dependencies.py"
ENDPOINTS = "services/contacts/people/endpoints.py"

# (rule, path, text): each text breaks the rule once.
VIOLATIONS: list[tuple[Rule, str, str]] = [
    (rules.commits_only_in_the_kit, SERVICE, "await session.commit()"),
    (rules.commits_only_in_the_kit, "gateway/keys/repository.py", "await session.execute('COMMIT')"),
    (rules.commits_only_in_the_kit, SERVICE, "sql = '''\n  BEGIN; SELECT 1'''"),
    (
        rules.transactions_open_at_the_edge,
        SERVICE,
        "async def f(self):\n    async with self.database.write(w) as s: ...",
    ),
    (rules.time_comes_from_the_clock, SERVICE, "from datetime import datetime\nx = datetime.now(UTC)"),
    (rules.time_comes_from_the_clock, RULES_FILE, "import datetime\nx = datetime.datetime.now()"),
    (rules.time_comes_from_the_clock, "gateway/door/limits.py", "import time\nx = time.time()"),
    (rules.time_comes_from_the_clock, SERVICE, "from datetime import date\nx = date.today()"),
    (rules.chance_is_injected, SERVICE, "import random\nx = random.choice([1])"),
    (rules.chance_is_injected, SERVICE, "from random import choice"),
    (rules.chance_is_injected, SERVICE, "import uuid\nx = uuid.uuid4()"),
    (rules.errors_are_problems, ENDPOINTS, "from fastapi import HTTPException"),
    (rules.errors_are_problems, SERVICE, "raise HTTPException(404)"),
    (rules.layers_import_what_they_may, SERVICE, "from fastapi import Request"),
    (rules.layers_import_what_they_may, "services/scoring/tiers/repository.py", "import starlette.requests"),
    (rules.layers_import_what_they_may, RULES_FILE, "from sqlalchemy import select"),
    (rules.features_meet_at_their_services, SERVICE, "from services.contacts.orders.repository import Orders"),
    (rules.features_meet_at_their_services, SERVICE, "from services.contacts.orders import models"),
    (rules.features_meet_at_their_services, SERVICE, "from services.contacts.orders.dependencies import OrdersDep"),
    (
        rules.features_meet_at_their_services,
        "gateway/keys/service.py",
        "from gateway.workspaces.models import Workspace",
    ),
    (rules.features_meet_at_their_services, ENDPOINTS, "from services.contacts.orders.repository import Orders"),
    (rules.features_meet_at_their_services, DEPENDENCIES, "from services.contacts.orders.models import Order"),
    (rules.modules_are_short, SERVICE, "x = 1\n" * 400),
    (rules.names_say_something, "services/contacts/utils.py", ""),
    (rules.names_say_something, "services/kit/date_helpers.py", ""),
    (rules.names_say_something, "services/common/money.py", ""),
    (rules.modules_say_what_they_own, SERVICE, "x = 1"),
    (rules.tables_have_no_relationships, "services/contacts/people/models.py", "orders = relationship()"),
    (rules.tests_use_no_mocks, "tests/contacts/test_people.py", "from unittest.mock import patch"),
    (rules.tests_use_no_mocks, "tests/contacts/test_people.py", "from unittest import mock"),
    (rules.nothing_is_left_unfinished, SERVICE, "x = 1  # TODO: more"),
    (rules.nothing_is_left_unfinished, SERVICE, "raise NotImplementedError"),
    (rules.nothing_is_left_unfinished, "tests/contacts/test_people.py", "@pytest.mark.skip\ndef test_x(): ..."),
    (rules.suppressions_have_reasons, SERVICE, "import x  # noqa"),
    (rules.suppressions_have_reasons, SERVICE, "import x  # noqa: F401"),
    (rules.suppressions_have_reasons, SERVICE, "x = y  # type: ignore[arg-type]"),
]

# What stands close to a violation and is fine.
ALLOWED: list[tuple[Rule, str, str]] = [
    (rules.commits_only_in_the_kit, "services/kit/database.py", "await transaction.commit()"),
    (rules.commits_only_in_the_kit, SERVICE, "text = 'Commit to a plan'"),
    (rules.commits_only_in_the_kit, SERVICE, "session.after_commit(wake)"),
    (rules.transactions_open_at_the_edge, "services/contacts/orders/jobs.py", "database.worker()"),
    (rules.time_comes_from_the_clock, SERVICE, "x = self.clock.now()"),
    (rules.time_comes_from_the_clock, SERVICE, "import time\nx = time.monotonic()"),
    (rules.time_comes_from_the_clock, "services/kit/clock.py", "x = datetime.now(UTC)"),
    (rules.chance_is_injected, SERVICE, "from random import Random\ndef f(chance: Random): chance.choice([1])"),
    (rules.layers_import_what_they_may, ENDPOINTS, "from fastapi import Response"),
    (rules.layers_import_what_they_may, SERVICE, "from services.kit.problems import NotFound"),
    (rules.features_meet_at_their_services, SERVICE, "from services.contacts.orders.service import Orders"),
    (rules.features_meet_at_their_services, SERVICE, "from services.contacts.people.repository import People"),
    (rules.features_meet_at_their_services, ENDPOINTS, "from services.contacts.orders.dependencies import OrdersDep"),
    (rules.features_meet_at_their_services, DEPENDENCIES, "from services.contacts.orders.repository import Orders"),
    (rules.modules_are_short, "migrations/contacts/versions/0001_kit.py", "x = 1\n" * 500),
    (rules.names_say_something, "services/contacts/commonalities.py", ""),
    (rules.modules_say_what_they_own, "services/contacts/__init__.py", ""),
    (rules.suppressions_have_reasons, SERVICE, "import x  # noqa: F401 - registers the tables"),
    (rules.suppressions_have_reasons, SERVICE, "x = y  # type: ignore[arg-type] - the stub is wrong"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule: Rule) -> None:
    faults = [f"{source.path}:{line}: {fault}" for source in SOURCES for line, fault in rule(source)]
    assert not faults, f"{rule.__doc__}\n" + "\n".join(faults)


@pytest.mark.parametrize(("rule", "path", "text"), VIOLATIONS)
def test_a_violation_is_caught(rule: Rule, path: str, text: str) -> None:
    assert len(list(rule(Source(PurePosixPath(path), text)))) == 1


@pytest.mark.parametrize(("rule", "path", "text"), ALLOWED)
def test_what_is_close_to_it_is_not(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(Source(PurePosixPath(path), text)))


def test_every_rule_has_a_violation_that_it_catches() -> None:
    assert {rule.__name__ for rule, _, _ in VIOLATIONS} == {rule.__name__ for rule in RULES}
