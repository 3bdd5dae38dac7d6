"""The four processes: in which order they start, what they import, and the settings each one gets."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

from fastapi import FastAPI

from deploy.local.keys import Keys
from migrations.addresses import Roles, role_url
from services.kit.settings import PREFIX, ServiceSettings

LOOPBACK = "127.0.0.1"
# A person who wants another value sets the variable; everything else the local run decides itself.
OVERRIDABLE = ("public_url", "log_format", "shutdown_seconds", "secret_keys", "api_pool_size", "worker_pool_size")


@dataclass(frozen=True, slots=True)
class Process:
    """One of the four: its name and the package that holds `app` and `settings`."""

    name: str
    package: str

    def settings_class(self) -> type[ServiceSettings]:
        """Return the class of its settings."""
        module = import_module(f"{self.package}.settings")
        own = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, ServiceSettings) and value.__module__ == module.__name__
        ]
        return own[0]

    def factory(self) -> Callable[[ServiceSettings], FastAPI]:
        """Return the function that makes its application."""
        made: Callable[[ServiceSettings], FastAPI] = import_module(f"{self.package}.app").create_app
        return made


# In the order of dependence: nobody starts before those it follows or calls.
PROCESSES = (
    Process("contacts", "services.contacts"),
    Process("scoring", "services.scoring"),
    Process("campaigns", "services.campaigns"),
    Process("gateway", "gateway"),
)
NAMES = tuple(process.name for process in PROCESSES)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the settings of all processes are made of."""

    database_url: str
    passwords: Mapping[str, str]
    keys: Keys
    ports: Mapping[str, int]
    ops_ports: Mapping[str, int]

    def values(self, name: str) -> dict[str, object]:
        """Return the settings of one process, as arguments of its settings class."""
        roles = Roles(name)
        chosen: dict[str, object] = {
            "service": name,
            "host": LOOPBACK,
            "port": self.ports[name],
            "ops_port": self.ops_ports[name],
            "public_url": f"http://{LOOPBACK}:{self.ports['gateway']}",
            "peers": {peer: f"http://{LOOPBACK}:{port}" for peer, port in self.ports.items()},
            "api_database_url": role_url(self.database_url, roles.api, self.passwords),
            "worker_database_url": role_url(self.database_url, roles.worker, self.passwords),
            "identity_private_key": self.keys.identity_private_key(name),
            "identity_public_keys": self.keys.identity_public_keys(NAMES),
            "secret_keys": self.keys.secret_keys(name),
            "log_format": "console",
            "shutdown_seconds": 8,
        }
        return {key: value for key, value in chosen.items() if key not in OVERRIDABLE or not _is_set(key)}


def _is_set(field: str) -> bool:
    variable = f"{PREFIX}{field.upper()}"
    return bool(os.environ.get(variable) or os.environ.get(f"{variable}_FILE"))
