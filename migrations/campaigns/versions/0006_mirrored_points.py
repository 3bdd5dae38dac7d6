"""The list of customers by points descends while ids ascend: so does its index."""

from migrations import support

revision = "campaigns_0006"
down_revision = "campaigns_0005"

MIRRORED = """
DROP INDEX audience_value_tier_points_idx;
CREATE INDEX audience_value_tier_points_idx ON audience (workspace_id, value_tier_points DESC, customer_id)
    WHERE listed;
"""


def upgrade() -> None:
    """Apply."""
    support.run_script(MIRRORED)
