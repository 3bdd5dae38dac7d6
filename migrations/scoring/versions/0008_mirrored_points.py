"""Lists by points descend while ids ascend: so do their indexes."""

from migrations import support

revision = "scoring_0008"
down_revision = "scoring_0007"

MIRRORED = """
DROP INDEX scores_points_idx, scores_value_idx, dated_scores_points_idx, dated_scores_value_idx;
CREATE INDEX scores_points_idx ON scores (workspace_id, kind, points DESC, customer_id);
CREATE INDEX scores_value_idx ON scores (workspace_id, kind, value, points DESC, customer_id);
CREATE INDEX dated_scores_points_idx ON dated_scores (workspace_id, run_id, kind, points DESC, customer_id);
CREATE INDEX dated_scores_value_idx ON dated_scores (workspace_id, run_id, kind, value, points DESC, customer_id);
"""


def upgrade() -> None:
    """Apply."""
    support.run_script(MIRRORED)
