"""`python -m deploy.admin workspace|key`: workspaces and API keys of a deployment, by the gateway's own settings."""

import asyncio
import sys
from typing import Annotated
from uuid import UUID

import asyncpg
import typer

from deploy.environment import SettingsUnusable, read_settings
from gateway import bootstrap
from gateway.settings import GatewaySettings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Makes workspaces and API keys.")


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


if __name__ == "__main__":
    main()
