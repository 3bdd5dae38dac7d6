"""`kith settings`: every KITH_ setting, what it means, its default, and whether it is a secret."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from deploy.processes import PROCESSES
from migrations.__main__ import MigrationSettings
from services.kit.settings import PREFIX, ServiceSettings

LOCAL = (
    ("KITH_HOME", ".kith", "Folder of the local run: database, secrets, notes about the processes."),
    ("KITH_PORT", "8080", "Port of the gateway; the other processes take free ones."),
    ("KITH_DATABASE_URL", "", "An existing PostgreSQL instead of the embedded one, as a role that may create roles."),
    (
        "KITH_SYSTEM_FOLDER",
        "/var/lib/kith",
        "For PostgreSQL's files where its own user cannot enter KITH_HOME (as root).",
    ),
    ("KITH_BOOTSTRAP_ADMIN_KEY_FILE", "$KITH_HOME/admin.key", "Where the first workspace's admin key is written."),
)
# A bare path or address may hold a password.
SECRET_LOCAL = ("KITH_DATABASE_URL",)


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable, ready to print."""

    variable: str
    default: str
    secret: bool
    meaning: str

    def __str__(self) -> str:
        mark = "  [secret]" if self.secret else ""
        default = f"  (default: {self.default})" if self.default else ""
        return f"  {self.variable}{mark}{default}\n      {self.meaning}"


def render() -> str:
    """Return the whole list."""
    parts = ["Each setting KITH_X of a process, and each secret, may also be given as KITH_X_FILE, the path of a file."]
    for title, settings in sections():
        parts += ["", title, *map(str, settings)]
    return "\n".join(parts)


def sections() -> Iterator[tuple[str, list[Setting]]]:
    """Give the settings by who reads them."""
    local = [Setting(name, default, name in SECRET_LOCAL, meaning) for name, default, meaning in LOCAL]
    yield "make run", local
    yield "every process", list(_fields(ServiceSettings, without=set()))
    for process in PROCESSES:
        own = list(_fields(process.settings_class(), without=set(ServiceSettings.model_fields)))
        if own:
            yield process.name, own
    yield "python -m migrations", list(_fields(MigrationSettings, without=set()))


def _fields(settings: type[ServiceSettings] | type[MigrationSettings], without: set[str]) -> Iterator[Setting]:
    for name, field in settings.model_fields.items():
        if name not in without:
            yield Setting(f"{PREFIX}{name.upper()}", _default(field), _is_secret(field), field.description or "")


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None or field.default in (PydanticUndefined, None, ""):
        return ""
    return "false" if field.default is False else "true" if field.default is True else str(field.default)


def _is_secret(field: FieldInfo) -> bool:
    return "password" in (field.description or "").lower() or _holds_secret(field.annotation)


def _holds_secret(annotation: object) -> bool:
    return annotation is SecretStr or any(_holds_secret(part) for part in get_args(annotation))
