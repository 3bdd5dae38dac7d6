"""The command that goes along the audit says what it finds, and ends with 1 where something is wrong."""

from collections.abc import Callable
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from deploy import admin
from gateway import bootstrap
from gateway.settings import GatewaySettings
from services.kit.audit.chaining import Chaining
from services.kit.clock import FixedClock
from tests.cluster import KithDatabase


async def test_the_audit_of_each_workspace_is_told_with_its_newest_hash(
    kith: KithDatabase, settings_for: Callable[..., Any], clock: FixedClock
) -> None:
    settings: GatewaySettings = settings_for("gateway", GatewaySettings)
    workspace_id, _ = await bootstrap.create_workspace(settings, "Tea House")
    async with admin.opened(settings) as database:
        assert await Chaining(database, clock, retention_days=30).chain() == 2
    [found] = await admin.verify_audit(settings)
    assert (found.workspace_id, found.head.position, found.fault) == (workspace_id, 2, None)
    rows = await kith.as_admin("SELECT operation, actor_kind, object_type FROM gateway.audit_entries ORDER BY position")
    assert [tuple(row) for row in rows] == [
        ("command_line", "system", "workspace"),
        ("command_line", "system", "api_key"),
    ]
    await kith.as_admin("DELETE FROM gateway.audit_entries WHERE position = 1")
    [found] = await admin.verify_audit(settings)
    assert found.fault == "The entry at position 1 is missing."


def test_the_command_ends_with_one_where_something_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(admin.app, ["audit", "nobody"]).exit_code == 2
    with pytest.raises(typer.BadParameter):
        admin.settings_of("nobody")
    monkeypatch.delenv("KITH_API_DATABASE_URL", raising=False)
    assert CliRunner().invoke(admin.app, ["audit", "contacts"]).exit_code == 1
