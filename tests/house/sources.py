"""The files of the repository, as the house rules look at them."""

import ast
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("services", "gateway", "migrations", "deploy", "benchmarks")


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the root, and its text."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, str(self.path))

    @property
    def package(self) -> str:
        """The top folder: services, gateway, tests, ..."""
        return self.path.parts[0]

    @property
    def kind(self) -> str:
        """The file's name without its ending, which says what a module of a feature may do."""
        return self.path.stem

    @property
    def in_kit(self) -> bool:
        """Whether it belongs to the plumbing."""
        return self.path.parts[:2] == ("services", "kit")

    @property
    def is_product(self) -> bool:
        """Whether it belongs to a service or the gateway: the code that the rules are about."""
        return self.package in {"services", "gateway"} and not self.in_kit


def tracked_files() -> list[PurePosixPath]:
    """Return every file that is, or would be, in the repository."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [PurePosixPath(line) for line in listing.stdout.splitlines() if (ROOT / line).is_file()]


def python_sources() -> list[Source]:
    """Return every Python file of the repository."""
    paths = (path for path in tracked_files() if path.suffix == ".py")
    return [Source(path, (ROOT / path).read_text(encoding="utf-8")) for path in paths]
