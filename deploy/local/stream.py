"""One log stream: every line of every process, with the process's name in front."""

import os
import sys
from typing import TextIO

COLOURS = {"gateway": 36, "contacts": 32, "contacts-worker": 92, "scoring": 33, "campaigns": 35, "kith": 34}
WIDTH = 15
LONGEST_LINE = 256 * 1024


class Stream:
    """Writes lines with a name; plain JSON lines stay as they are, they name their service themselves."""

    def __init__(self, output: TextIO | None = None) -> None:
        self._output = output or sys.stdout
        self._plain = os.environ.get("KITH_LOG_FORMAT") == "json"
        self._coloured = self._output.isatty() and not os.environ.get("NO_COLOR")

    def line(self, name: str, text: str) -> None:
        """Write one line of a process."""
        self._write(text if self._plain and name != "kith" else f"{self._label(name)} {text}")

    def say(self, text: str) -> None:
        """Write a line of our own."""
        self.line("kith", text)

    def show(self, text: str) -> None:
        """Write something that a person will want to copy, with no name in front."""
        self._write(text)

    def _label(self, name: str) -> str:
        label = f"{name:<{WIDTH}} |"
        return f"\x1b[{COLOURS.get(name, 37)}m{label}\x1b[0m" if self._coloured else label

    def _write(self, text: str) -> None:
        try:
            self._output.write(text + "\n")
            self._output.flush()
        except OSError:
            # Whoever read our output is gone; that is no reason to stop serving.
            return


class Lines:
    """Cuts the bytes of one pipe into lines."""

    def __init__(self) -> None:
        self._rest = b""
        self.last = ""

    def feed(self, data: bytes) -> list[str]:
        """Take more bytes and return the lines that are complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            lines.append(self._rest)
            self._rest = b""
        said = [line.decode(errors="replace") for line in lines]
        self.last = said[-1] if said else self.last
        return said

    def end(self) -> list[str]:
        """Return what is left when the pipe closes."""
        rest, self._rest = self._rest, b""
        return [rest.decode(errors="replace")] if rest else []
