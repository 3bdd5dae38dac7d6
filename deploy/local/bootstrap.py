"""The first workspace, its key, and what `kith workspace` and `kith key` create: through the gateway's own code."""

import asyncio
from pathlib import Path

from deploy.local.database import in_a_sentence
from deploy.local.errors import LocalRunError, unusable
from deploy.local.home import Home, write_private
from deploy.local.keys import Keys
from deploy.local.processes import Surroundings, part_named
from gateway import bootstrap
from gateway.settings import GatewaySettings
from migrations.addresses import login_roles


def write_first_key(surroundings: Surroundings, path: Path) -> None:
    """Create the first workspace if there is none, and write its key where only its owner can read it."""

    def keep(key: str) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_private(path, key + "\n")
        except OSError as error:
            raise LocalRunError(unusable(error)) from error

    with in_a_sentence("The database"):
        asyncio.run(bootstrap.ensure_first_workspace(gateway_settings(surroundings), keep))


def gateway_settings(surroundings: Surroundings) -> GatewaySettings:
    """Return the settings that the gateway runs with."""
    return GatewaySettings.model_validate(surroundings.values(part_named("gateway")))


def running_gateway(home: Home) -> GatewaySettings:
    """Return the settings of the gateway that runs in this home; a clear sentence when none does."""
    state = home.state()
    if state is None:
        message = f"Kith does not run in {home.path}; start it with `make run`."
        raise LocalRunError(message)
    keys = Keys(home.secrets)
    passwords = keys.role_passwords(login_roles())
    return gateway_settings(Surroundings(state["database_url"], passwords, keys, state["ports"], state["ops_ports"]))
