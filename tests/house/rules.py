"""The house rules that no linter knows, one function each: it yields what breaks the rule, by line."""

import ast
import re
from collections.abc import Iterator

from tests.house.sources import PACKAGES, Source

Faults = Iterator[tuple[int, str]]

LONGEST_MODULE = 400
BANNED_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|manager|misc)$")
TRANSACTION_SQL = re.compile(r"\s*(BEGIN|START\s+TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b(?!\s+(?i:atomic))")
WALL_CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
}
GENERATORS = {"Random", "SystemRandom"}
UNTRACEABLE_IDS = {("uuid", "uuid1"), ("uuid", "uuid4")}
WEB = ("fastapi", "starlette", "uvicorn")
FORBIDDEN_IMPORTS = {
    "service": WEB,
    "repository": WEB,
    "models": WEB,
    "rules": (*WEB, "sqlalchemy", "asyncpg", "httpx"),
}
EDGES = {"endpoints", "jobs", "consumers"}
# They put objects together, and so name what everybody else only receives.
WIRING = {"dependencies", "app", "worker", "container"}
PRIVATE_TO_A_FEATURE = {"endpoints", "dependencies", "jobs", "consumers", "repository", "models"}
BELOW_THE_EDGE = {"endpoints", "service", "repository", "schemas", "rules"}
SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:\s*no cover)(?P<rest>.*)")
CODES = re.compile(r"^[\[\]:\s,A-Za-z0-9-]*?(\s-\s|\s\(|\s#\s)(?P<reason>\S.*)$")
# Payloads that were collected from real shops are not part of the repository: tests use them where they lie.
COLLECTED = re.compile(r"mark\.skipif\(not .*reason=.*not part of the repository")
UNFINISHED = re.compile(r"\b(TODO|FIXME|NotImplementedError)\b|\bmark\.(skip|skipif|xfail)\b|\bpytest\.(skip|xfail)\(")


def commits_only_in_the_kit(source: Source) -> Faults:
    """One request, batch or job is one transaction, opened and committed at the edge by the kit (rule 6)."""
    if not source.is_product:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield node.lineno, "commits by itself"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and TRANSACTION_SQL.match(node.value):
            yield node.lineno, "sends transaction control of its own"


def transactions_open_at_the_edge(source: Source) -> Faults:
    """What stands below the edge takes a session and opens none (rules 6 and 7)."""
    # An operation that takes a large file in cannot hold one transaction open; it says so in its description.
    if not source.is_product or source.kind not in BELOW_THE_EDGE or "own_transaction=True" in source.text:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _dotted(node.func)[-2:] in {
            ("database", "write"),
            ("database", "worker"),
            ("db", "write"),
            ("db", "worker"),
        }:
            yield node.lineno, "opens a transaction"


def time_comes_from_the_clock(source: Source) -> Faults:
    """Time is injected, so that every rule can be tested on any day (rule 8)."""
    if source.is_product:
        yield from _calls(source, WALL_CLOCKS, "reads the wall clock")


def chance_is_injected(source: Source) -> Faults:
    """Chance comes from a generator that a test can seed, ids from the kit (rule 8)."""
    if not source.is_product:
        return
    yield from _calls(source, UNTRACEABLE_IDS, "makes an id without the kit")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = _dotted(node.func)
            if len(name) == 2 and name[0] == "random" and name[1] not in GENERATORS:
                yield node.lineno, "uses the global generator"
        if isinstance(node, ast.ImportFrom) and node.module == "random" and {a.name for a in node.names} - GENERATORS:
            yield node.lineno, "imports the global generator"


def errors_are_problems(source: Source) -> Faults:
    """Errors are Problem classes, never HTTPException (rule 9)."""
    if not source.is_product:
        return
    for node in ast.walk(source.tree):
        named = (isinstance(node, ast.Name) and node.id.endswith("HTTPException")) or (
            isinstance(node, ast.ImportFrom) and any(alias.name == "HTTPException" for alias in node.names)
        )
        if named:
            yield getattr(node, "lineno", 1), "uses HTTPException"


def layers_import_what_they_may(source: Source) -> Faults:
    """service, repository and models know no web framework; rules do no I/O (rule 4)."""
    if not source.is_product:
        return
    banned = FORBIDDEN_IMPORTS.get(source.kind, ())
    for line, module in _imports(source):
        if module.partition(".")[0] in banned:
            yield line, f"{source.kind} imports {module}"


def features_meet_at_their_services(source: Source) -> Faults:
    """Another feature is used through its service, schemas or rules, never through its tables or routes (rule 5)."""
    own = _feature(str(source.path.with_suffix("")).replace("/", "."))
    if not source.is_product or own is None:
        return
    for line, module in _imports(source):
        other = _feature(module)
        if other is None or other[:2] == own[:2] or other[0] != own[0]:
            continue
        if other[2] in PRIVATE_TO_A_FEATURE - _may_use(source):
            yield line, f"reaches into {module}"


def modules_are_short(source: Source) -> Faults:
    """A file past 400 lines is two features; migrations are written once and read seldom."""
    lines = source.text.count("\n")
    if lines >= LONGEST_MODULE and "versions" not in source.path.parts:
        yield lines, f"has {lines} lines"


def names_say_something(source: Source) -> Faults:
    """No utils, helpers, common or manager: a module is named after what it owns."""
    for part in (*source.path.parts[:-1], source.kind):
        if BANNED_NAMES.search(part):
            yield 1, f"is named {part}"


def modules_say_what_they_own(source: Source) -> Faults:
    """Every module begins with a line that says what it owns."""
    if source.package in PACKAGES and source.text.strip() and ast.get_docstring(source.tree) is None:
        yield 1, "has no docstring"


def tables_have_no_relationships(source: Source) -> Faults:
    """Tables are described for migrations only; queries are written by hand (ADR 0003, rule 11)."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _dotted(node.func)[-1:] == ("relationship",):
            yield node.lineno, "declares a relationship"


def tests_use_no_mocks(source: Source) -> Faults:
    """Fakes at the seams instead of mocks of our own modules (rule 13)."""
    for line, module in _imports(source):
        if module.startswith(("unittest.mock", "mock", "pytest_mock")):
            yield line, f"imports {module}"


def nothing_is_left_unfinished(source: Source) -> Faults:
    """No marks of unfinished work and no tests that are passed over."""
    if source.path.parts[:2] == ("tests", "house"):
        return
    for number, line in enumerate(source.text.splitlines(), 1):
        if UNFINISHED.search(line) and not COLLECTED.search(line):
            yield number, "is unfinished"


def suppressions_have_reasons(source: Source) -> Faults:
    """Whoever silences a check says why, on the same line."""
    if source.path.parts[:2] == ("tests", "house"):
        return
    for number, line in enumerate(source.text.splitlines(), 1):
        found = SUPPRESSION.search(line)
        if found and not CODES.match(found["rest"]):
            yield number, "silences a check without a reason"


RULES = (
    commits_only_in_the_kit,
    transactions_open_at_the_edge,
    time_comes_from_the_clock,
    chance_is_injected,
    errors_are_problems,
    layers_import_what_they_may,
    features_meet_at_their_services,
    modules_are_short,
    names_say_something,
    modules_say_what_they_own,
    tables_have_no_relationships,
    tests_use_no_mocks,
    nothing_is_left_unfinished,
    suppressions_have_reasons,
)


def _calls(source: Source, banned: set[tuple[str, str]], fault: str) -> Faults:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _dotted(node.func)[-2:] in banned:
            yield node.lineno, fault


def _dotted(node: ast.expr) -> tuple[str, ...]:
    if isinstance(node, ast.Attribute):
        return (*_dotted(node.value), node.attr)
    return (node.id,) if isinstance(node, ast.Name) else ()


def _imports(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            # `from services.x.people import repository` names a module too.
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _may_use(source: Source) -> set[str]:
    if source.kind in WIRING:
        return {"dependencies", "repository"}
    has_routes = "\nrouter = Router(" in source.text
    return {"dependencies"} if source.kind in EDGES or has_routes else set()


def _feature(module: str) -> tuple[str, str, str] | None:
    """Return service, feature and module of `services.contacts.people.rules` or `gateway.keys.rules`."""
    parts = module.split(".")
    inside = parts[1:] if parts[0] == "services" else parts
    if parts[0] not in {"services", "gateway"} or len(inside) < 3:
        return None
    return inside[0], inside[1], inside[2]
