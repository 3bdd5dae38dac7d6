"""What a local run starts: the four processes, the background work of contacts apart, and the settings of each."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local.keys import Keys
from deploy.processes import NAMES, Process, process_named
from migrations.addresses import Roles, role_url
from services.kit.settings import PREFIX

LOOPBACK = "127.0.0.1"
# A person who wants another value sets the variable; everything else the local run decides itself.
OVERRIDABLE = ("public_url", "log_format", "shutdown_seconds", "secret_keys", "api_pool_size", "worker_pool_size")


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the local run: which of the four it is, and whether it does background work."""

    name: str
    process: Process
    run_worker: bool = True
    niceness: int = 0
    """How far it stands back where processors are short."""


# In the order of dependence. Shops wait for their answer, what their calls say can wait: so contacts answers in one
# process and works in another, and whoever works on stands back. Each process more costs memory.
PARTS = (
    Part("contacts", process_named("contacts"), run_worker=False),
    Part("contacts-worker", process_named("contacts"), niceness=10),
    Part("scoring", process_named("scoring"), niceness=5),
    Part("campaigns", process_named("campaigns"), niceness=5),
    Part("gateway", process_named("gateway")),
)
PART_NAMES = tuple(part.name for part in PARTS)


def part_named(name: str) -> Part:
    """Return the part with a name; KeyError where there is none."""
    return {part.name: part for part in PARTS}[name]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the settings of all processes are made of."""

    database_url: str
    passwords: Mapping[str, str]
    keys: Keys
    ports: Mapping[str, int]
    ops_ports: Mapping[str, int]

    def values(self, part: Part) -> dict[str, object]:
        """Return the settings of one process, as arguments of its settings class."""
        name = part.process.name
        roles = Roles(name)
        chosen: dict[str, object] = {
            "service": name,
            "host": LOOPBACK,
            "port": self.ports[part.name],
            "ops_port": self.ops_ports[part.name],
            "run_worker": part.run_worker,
            "public_url": f"http://{LOOPBACK}:{self.ports['gateway']}",
            "peers": {peer: f"http://{LOOPBACK}:{self.ports[peer]}" for peer in NAMES},
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
