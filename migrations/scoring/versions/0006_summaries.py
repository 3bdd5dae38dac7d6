"""Standings hold what whole populations are judged by in SQL; workspaces, when everybody was last evaluated."""

from migrations import support

revision = "scoring_0006"
down_revision = "scoring_0005"

# Rows from before have no outcome: the rules look at them once, and fill them in.
SUMMARIES = """
ALTER TABLE standings
    ADD COLUMN held_lines bigint,
    ADD COLUMN first_day bigint,
    ADD COLUMN last_day bigint,
    ADD COLUMN net_minor bigint,
    ADD COLUMN biggest_minor bigint,
    ADD COLUMN recent_minor bigint,
    ADD COLUMN before_minor bigint,
    ADD COLUMN figures_from bigint,
    ADD COLUMN figures_until bigint,
    ADD COLUMN settled_at timestamptz,
    ADD COLUMN outcome bigint;
ALTER TABLE workspaces ADD COLUMN evaluated_at timestamptz;
"""


def upgrade() -> None:
    """Apply."""
    support.run_script(SUMMARIES)
