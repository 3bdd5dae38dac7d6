"""A Containerfile as a list of instructions, with its arguments filled in."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "deploy" / "container" / "Containerfile"
VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")


@dataclass(frozen=True)
class Instruction:
    """One instruction: its keyword and the rest of the line."""

    keyword: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The rest in words; of an exec form, its strings."""
        if self.rest.startswith("["):
            found: list[str] = json.loads(self.rest)
            return found
        return self.rest.split()


def read(path: Path = PATH) -> list[Instruction]:
    """Return the instructions; lines are joined, comments dropped, defaults of arguments filled into FROM."""
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found, arguments = [], {}
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        keyword, _, rest = line.partition(" ")
        if keyword == "ARG":
            name, _, default = rest.partition("=")
            arguments[name] = default
        if keyword == "FROM":
            rest = VARIABLE.sub(lambda match: arguments[match[1] or match[2]], rest)
        found.append(Instruction(keyword, rest.strip()))
    return found


def stages(instructions: list[Instruction]) -> list[list[Instruction]]:
    """Return the instructions of each stage, from its FROM on."""
    starts = [place for place, each in enumerate(instructions) if each.keyword == "FROM"]
    return [instructions[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]


def tag(image: str) -> str:
    """Return the tag or digest of an image; empty where it has none."""
    name = image.rpartition("/")[2]
    return image.partition("@")[2] or name.partition(":")[2]
