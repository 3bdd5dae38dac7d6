"""Dependencies are coroutines: FastAPI sends a plain function to a thread, one hop each per request."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def plain_dependencies(source: str) -> Iterator[str]:
    """Yield the names of plain functions that take the request alone, as dependencies do."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and [argument.arg for argument in node.args.args] == ["request"]:
            yield node.name


def modules() -> list[Path]:
    return sorted(path for top in ("services", "gateway") for path in (ROOT / top).rglob("dependencies.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_dependency_takes_a_thread(path: Path) -> None:
    assert list(plain_dependencies(path.read_text(encoding="utf-8"))) == []


def test_the_rule_catches_a_plain_function() -> None:
    source = "def people(request): ...\nasync def caller(request): ...\ndef build(kit, request): ..."
    assert list(plain_dependencies(source)) == ["people"]


def test_there_is_something_to_check() -> None:
    assert len(modules()) > 10
