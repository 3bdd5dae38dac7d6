"""The `kith` command."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

import typer

from deploy.environment import SettingsUnusable
from deploy.local.errors import LocalRunError, unusable
from deploy.local.home import Home

# Each command imports what it needs itself: `kith --help` and `kith up` must not wait for what they do not use.
# ruff: noqa: PLC0415

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Runs Kith on this machine and looks after it.",
)
workspace_app = typer.Typer(no_args_is_help=True, help="Workspaces of the running Kith.")
key_app = typer.Typer(no_args_is_help=True, help="API keys of the running Kith.")
app.add_typer(workspace_app, name="workspace")
app.add_typer(key_app, name="key")


def main() -> None:
    """Run the command; what cannot go on says so in one sentence and ends with exit code 1."""
    try:
        app()
    except (LocalRunError, SettingsUnusable) as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{unusable(error)} `kith doctor` looks at all that Kith needs.")


@app.command()
def up(
    *,
    keep_going: Annotated[bool, typer.Option(help="Start a process that dies again, instead of ending.")] = False,
) -> None:
    """Start the database and all processes, and keep them until Ctrl-C."""
    from deploy.local.stream import Stream
    from deploy.local.up import Run

    sys.exit(Run(Home.from_environment(), Stream(), keep_going=keep_going).run())


@app.command()
def demo(
    url: Annotated[str | None, typer.Option(help="Address of a running Kith; by default the one of KITH_HOME.")] = None,
    key: Annotated[str | None, typer.Option(help="API key; by default $KITH_HOME/admin.key.")] = None,
) -> None:
    """Fill the running Kith with a lively sample shop, and show what to look at."""
    from deploy.demo.program import run

    run(Home.from_environment(), url, key)


@app.command()
def doctor() -> None:
    """Look at everything that a local run needs."""
    from deploy.local.doctor import examine

    findings = list(examine(Home.from_environment()))
    typer.echo("\n".join(map(str, findings)))
    sys.exit(0 if all(finding.fine for finding in findings) else 1)


@app.command()
def settings() -> None:
    """List every KITH_ setting."""
    from deploy.local.listing import render

    typer.echo(render())


@workspace_app.command("create")
def create_workspace(name: Annotated[str, typer.Argument(help="What people call it.")]) -> None:
    """Create a workspace; prints its id and an admin key, shown only now."""
    from deploy.local.bootstrap import running_gateway
    from gateway import bootstrap

    with said_at_once():
        workspace_id, key = asyncio.run(bootstrap.create_workspace(running_gateway(Home.from_environment()), name))
    typer.echo(f"{workspace_id}\n{key}")


@key_app.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    workspace: Annotated[UUID | None, typer.Option(help="Workspace id; by default the only one.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="May be given several times; by default admin.")] = None,
) -> None:
    """Create an API key; prints it, shown only now."""
    from deploy.local.bootstrap import running_gateway
    from gateway import bootstrap

    chosen = running_gateway(Home.from_environment())
    with said_at_once():
        key = asyncio.run(bootstrap.create_key(chosen, workspace, name, scope or ["admin"]))
    typer.echo(key)


@contextmanager
def said_at_once() -> Iterator[None]:
    """Say what was wrong with the input, or with the database, without a stack trace."""
    from deploy.local.database import in_a_sentence

    try:
        with in_a_sentence("The database"):
            yield
    except ValueError as error:
        raise LocalRunError(str(error)) from error
