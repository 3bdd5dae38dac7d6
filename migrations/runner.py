"""Runs a schema's history: upgrade it, or compare it with what the models describe."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from migrations.drift import find_drift

HERE = Path(__file__).parent


def configuration(schema: str, url: str = "") -> Config:
    """Return Alembic's configuration for one schema; `url` is the owner's address."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("version_locations", str(HERE / schema / "versions"))
    config.set_main_option("path_separator", "os")
    config.attributes["schema"] = schema
    config.attributes["url"] = url
    return config


def upgrade(schema: str, url: str) -> None:
    """Bring a schema to its newest revision. Blocks; needs no running event loop."""
    command.upgrade(configuration(schema, url), "heads")


def faults(schema: str, url: str) -> list[str]:
    """Return what is wrong: differences between the database and the models, a history with two ends. Blocks."""
    ends = heads(schema)
    branched = [f"the history has {len(ends)} ends: {', '.join(ends)}"] if len(ends) > 1 else []
    return branched + find_drift(schema, url)


def revise(schema: str, url: str, message: str) -> None:
    """Write a new revision with what the models have and the database lacks."""
    number = len(list((HERE / schema / "versions").glob("*.py"))) + 1
    command.revision(configuration(schema, url), message, autogenerate=True, rev_id=f"{schema}_{number:04}")


def heads(schema: str) -> list[str]:
    """Return the newest revisions of a schema; more than one means that two branches await a merge."""
    return list(ScriptDirectory.from_config(configuration(schema)).get_heads())
