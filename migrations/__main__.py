"""`python -m migrations provision|upgrade|check|revision`: what operations and containers call."""

import asyncio
import sys
from typing import Annotated

import typer
from pydantic import Field, SecretStr

from migrations import SCHEMAS, runner
from migrations.addresses import Roles, role_url
from migrations.epochs import renew_epoch
from migrations.provision import provision as provision_database
from services.kit.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)


class MigrationSettings(Settings):
    """What the migration commands need to know."""

    database_url: SecretStr = Field(
        description="Address of Kith's database; for `provision` with a role that may create roles."
    )
    database_direct_url: SecretStr | None = Field(None, description="The same past any pooler; default: database_url.")
    role_passwords: dict[str, str] = Field(description="Password of every login role by its name (JSON).", repr=False)

    def owner_url(self, schema: str) -> str:
        """Return the address for the owner of a schema."""
        base = (self.database_direct_url or self.database_url).get_secret_value()
        return role_url(base, Roles(schema).owner, self.role_passwords)


def settings() -> MigrationSettings:
    """Read the settings from the environment."""
    return MigrationSettings()


@app.command()
def provision() -> None:
    """Create roles and schemas; safe to repeat."""
    chosen = settings()
    base = chosen.database_direct_url or chosen.database_url
    asyncio.run(provision_database(base.get_secret_value(), chosen.role_passwords))


@app.command()
def upgrade() -> None:
    """Bring every schema to its newest revision."""
    chosen = settings()
    for schema in SCHEMAS:
        runner.upgrade(schema, chosen.owner_url(schema))


@app.command()
def check() -> None:
    """Fail where a schema differs from what the models describe, or a history has two ends."""
    chosen = settings()
    lines = [f"{schema}: {line}" for schema in SCHEMAS for line in runner.faults(schema, chosen.owner_url(schema))]
    for line in lines:
        typer.echo(line, err=True)
    sys.exit(1 if lines else 0)


@app.command()
def new_epoch(schema: Annotated[str, typer.Argument()]) -> None:
    """Tell the followers of a schema that its history was rewritten, after a restore by pg_restore: they rebuild."""
    typer.echo(asyncio.run(renew_epoch(settings().owner_url(schema))))


@app.command()
def revision(schema: Annotated[str, typer.Argument()], message: Annotated[str, typer.Argument()]) -> None:
    """Write a new revision of a schema from the difference between models and database."""
    runner.revise(schema, settings().owner_url(schema), message)


if __name__ == "__main__":
    app()
