"""Telling where something failed without telling what it failed on: texts of errors may quote personal values."""

import traceback
from pathlib import Path

FRAMES = 4


def where(error: BaseException) -> str:
    """Return the innermost places of an error's traceback, `file:line` each, the one that raised it last."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
