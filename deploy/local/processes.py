"""The settings that each of the four processes gets in a local run."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local.keys import Keys
from deploy.processes import NAMES
from migrations.addresses import Roles, role_url
from services.kit.settings import PREFIX

LOOPBACK = "127.0.0.1"
# A person who wants another value sets the variable; everything else the local run decides itself.
OVERRIDABLE = ("public_url", "log_format", "shutdown_seconds", "secret_keys", "api_pool_size", "worker_pool_size")


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
