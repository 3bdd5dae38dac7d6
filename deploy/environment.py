"""Reading a process's settings from the environment, and saying what is wrong with them without showing any value."""

import os
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import SettingsError

from services.kit.settings import PREFIX, Settings

AnySettings = TypeVar("AnySettings", bound=Settings)


class SettingsUnusable(Exception):
    """Says which settings are missing or wrong, one a line."""


def read_settings(kind: type[AnySettings], **fixed: object) -> AnySettings:
    """Return the settings of the environment, `fixed` before anything else; SettingsUnusable if they will not do."""
    try:
        return kind.model_validate(fixed)  # goes through the constructor, which also reads the environment
    except ValidationError as error:
        # Not the error's own text: it quotes the value, which may be a secret.
        lines = [f"{variable(fault['loc'])}: {fault['msg']}" for fault in error.errors(include_input=False)]
        raise SettingsUnusable("\n".join(lines)) from None
    except SettingsError as error:
        raise SettingsUnusable(str(error)) from None
    except OSError as error:
        message = f"{error.filename}: {error.strerror}"
        raise SettingsUnusable(message) from None


def given(name: str) -> str | None:
    """Return a variable, or the content of the file that `<name>_FILE` names; None where neither is set."""
    path = os.environ.get(f"{name}_FILE")
    return os.environ.get(name) or (Path(path).read_text(encoding="utf-8").strip() if path else None)


def variable(location: tuple[int | str, ...]) -> str:
    """Return the variable that a setting is read from."""
    return f"{PREFIX}{str(location[0]).upper()}" if location else "settings"
