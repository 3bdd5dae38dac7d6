"""`python -m gateway.openapi [--check] FILE`: writes the merged document, or says whether the file still is it.

With `--check` it also says what in it would break clients of the released document, which lies beside it.
"""

import difflib
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from gateway.document.applications import build_applications
from gateway.document.breaking import breaks
from gateway.document.merge import merge
from gateway.settings import DOCUMENT

SHOWN_LINES = 40
RELEASED = Path("released") / "v1.json"
"""The document that clients were last given, beside the present one; a release moves it."""


def render() -> str:
    """Return the document as text; the same code always gives the same text."""
    return orjson.dumps(merge(build_applications()), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def main(
    file: Annotated[Path, typer.Argument(help="Where the document lies.")] = DOCUMENT,
    *,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if the file is out of date.")] = False,
) -> None:
    """Write the merged OpenAPI document."""
    text = render()
    if not check:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return
    difference = differences(file, text)
    if difference:
        typer.echo("\n".join(difference[:SHOWN_LINES]), err=True)
        typer.echo(f"{file} is out of date: run `make openapi` and look at the difference.", err=True)
        sys.exit(1)
    broken = breaks(orjson.loads((file.parent / RELEASED).read_bytes()), orjson.loads(text))
    if broken:
        typer.echo("\n".join(broken), err=True)
        typer.echo(f"That breaks clients of {RELEASED}: within v1 only additions are allowed.", err=True)
        sys.exit(1)


def differences(file: Path, text: str) -> list[str]:
    """Return in what a file differs from a text, line by line; all of it where there is no file."""
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    if before == text:
        return []
    return list(difflib.unified_diff(before.splitlines(), text.splitlines(), "committed", "code", lineterm="", n=1))


if __name__ == "__main__":
    typer.run(main)
