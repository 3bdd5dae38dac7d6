"""The migrated schema is what the models describe."""

from migrations import runner
from migrations.addresses import Roles
from tests.cluster import KithDatabase


def test_the_schema_has_not_drifted(kith: KithDatabase) -> None:
    assert runner.faults("scoring", kith.url(Roles("scoring").owner)) == []
