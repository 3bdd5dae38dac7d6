"""`python -m deploy.admin workspace|key|secrets|audit`: workspaces, keys, secrets at rest and audit of a deployment."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Annotated
from uuid import UUID

import asyncpg
import typer

from deploy.environment import SettingsUnusable, read_settings
from deploy.processes import NAMES, process_named
from gateway import bootstrap
from gateway.settings import GatewaySettings
from services.kit.audit.verifying import Verdict, verify
from services.kit.database import Database
from services.kit.sealing import Resealer, count_by_key
from services.kit.secrets import Vault
from services.kit.settings import ServiceSettings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Makes workspaces and keys, looks after secrets and audit."
)


def main() -> None:
    """Run the command; what cannot go on says so in one sentence and ends with exit code 1."""
    try:
        app()
    except (SettingsUnusable, ValueError, OSError, asyncpg.PostgresError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


@app.command()
def workspace(name: Annotated[str, typer.Argument(help="What people call it.")]) -> None:
    """Create a workspace; prints its id and an admin key, shown only now."""
    workspace_id, key = asyncio.run(bootstrap.create_workspace(read_settings(GatewaySettings), name))
    typer.echo(f"{workspace_id}\n{key}")


@app.command()
def key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    of: Annotated[UUID | None, typer.Option("--workspace", help="Workspace id; by default the only one.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="May be given several times; by default admin.")] = None,
) -> None:
    """Create an API key; prints it, shown only now."""
    made = asyncio.run(bootstrap.create_key(read_settings(GatewaySettings), of, name, scope or ["admin"]))
    typer.echo(made)


@app.command()
def secrets(
    process: Annotated[str, typer.Argument(help="gateway, contacts, scoring or campaigns; its own settings are read.")],
    *,
    reseal: Annotated[bool, typer.Option("--reseal", help="First seal anew what older keys have sealed.")] = False,
) -> None:
    """Say how many secrets each key has sealed, and which keys may be retired; exit code 1 if a key is missing."""
    settings = settings_of(process)
    vault = Vault([key.get_secret_value() for key in settings.secret_keys])
    counts = asyncio.run(count_secrets(settings, vault, reseal=reseal))
    for key_id in [*vault.key_ids, *sorted(counts.keys() - set(vault.key_ids))]:
        typer.echo(f"{key_id or '(unnamed)'}  {counts.get(key_id, 0)}  {verdict(key_id, vault, counts)}")
    sys.exit(1 if counts.keys() - {*vault.key_ids, ""} else 0)


async def count_secrets(settings: ServiceSettings, vault: Vault, *, reseal: bool) -> dict[str, int]:
    """Return how many secrets of a process each key has sealed, after sealing them anew where that is wanted."""
    async with opened(settings) as database:
        if reseal:
            await Resealer(database, vault).reseal()
        async with database.worker() as session:
            return await count_by_key(session, settings.service)


@app.command()
def audit(
    process: Annotated[str, typer.Argument(help="gateway, contacts, scoring or campaigns; its own settings are read.")],
) -> None:
    """Go along the audit of every workspace; prints its newest hash, and what is changed or missing (exit code 1)."""
    verdicts = asyncio.run(verify_audit(settings_of(process)))
    for found in verdicts:
        head = f"{found.head.position} {found.head.digest.hex()}"
        typer.echo(
            f"{found.workspace_id}  {head}  {found.fault or f'{found.checked} entries are as they were written'}"
        )
    sys.exit(1 if any(found.fault for found in verdicts) else 0)


async def verify_audit(settings: ServiceSettings) -> list[Verdict]:
    """Return what was found in the audit of each workspace."""
    async with opened(settings) as database:
        return await verify(database)


def settings_of(process: str) -> ServiceSettings:
    """Return the settings of a process; an error for a name that is none."""
    if process not in NAMES:
        message = f"there is no process {process}"
        raise typer.BadParameter(message)
    return read_settings(process_named(process).settings_class(), service=process)


@contextlib.asynccontextmanager
async def opened(settings: ServiceSettings) -> AsyncIterator[Database]:
    """Open the database of a process."""
    database = Database(
        settings.service,
        api_url=settings.api_database_url.get_secret_value(),
        worker_url=settings.worker_database_url.get_secret_value(),
        api_pool_size=1,
        worker_pool_size=2,
    )
    await database.start()
    try:
        yield database
    finally:
        await database.stop()


def verdict(key_id: str, vault: Vault, counts: Mapping[str, int]) -> str:
    """Return what an operator needs to know about a key."""
    if key_id == vault.key_ids[0]:
        return "in use"
    if counts.get(key_id):
        return "still needed" if key_id in vault.key_ids or not key_id else "MISSING: not among KITH_SECRET_KEYS"
    return "not needed where no process still has it first: may be retired" if "" not in counts else "may be needed"


if __name__ == "__main__":
    main()
