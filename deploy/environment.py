"""Reading a process's settings from the environment, and saying what is wrong with them without showing any value."""

import os
import re
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from services.kit.settings import PREFIX, Settings

UNREAD = re.compile(r'error parsing value for field "(\w+)"')
AnySettings = TypeVar("AnySettings", bound=Settings)


class SettingsUnusable(Exception):
    """Says which settings are missing or wrong, one a line."""


def read_settings(kind: type[AnySettings], **fixed: object) -> AnySettings:
    """Return the settings of the environment, `fixed` before anything else; SettingsUnusable if they will not do."""
    try:
        return kind.model_validate(fixed)  # goes through the constructor, which also reads the environment
    except ValidationError as error:
        # Not the error's own text: it quotes the value, which may be a secret.
        raise SettingsUnusable("\n".join(map(_in_words, error.errors(include_input=False)))) from None
    except SettingsError as error:
        raise SettingsUnusable(str(error)) from None
    except OSError as error:
        message = f"{error.filename}: {error.strerror}"
        raise SettingsUnusable(message) from None


def _in_words(fault: ErrorDetails) -> str:
    # A list or a map that is no JSON is told of in a text of its own, which names the field and no variable.
    unread = UNREAD.search(fault["msg"])
    if unread:
        return f'{variable((unread[1],))}: must be JSON, a list such as ["a", "b"] or a map such as {{"a": "b"}}'
    return f"{variable(fault['loc'])}: {fault['msg']}"


def given(name: str) -> str | None:
    """Return a variable, or the content of the file that `<name>_FILE` names; None where neither is set."""
    path = os.environ.get(f"{name}_FILE")
    try:
        return os.environ.get(name) or (Path(path).read_text(encoding="utf-8").strip() if path else None)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        message = f"{name}_FILE names {path}, which cannot be read: {reason}."
        raise SettingsUnusable(message) from None


def variable(location: tuple[int | str, ...]) -> str:
    """Return the variable that a setting is read from."""
    return f"{PREFIX}{str(location[0]).upper()}" if location else "settings"
