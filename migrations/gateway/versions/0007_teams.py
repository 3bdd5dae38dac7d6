"""Teams, and the team of a key's rep among what is looked up about the key."""

from alembic import op

from migrations import support
from migrations.audit import audit

revision = "gateway_0007"
down_revision = "gateway_0006"

TEAMS = """
CREATE TABLE teams (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    name text COLLATE "C" NOT NULL,
    rep_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    CONSTRAINT teams_pkey PRIMARY KEY (workspace_id, id)
);
CREATE INDEX teams_created_idx ON teams (workspace_id, created_at, id);
CREATE INDEX teams_name_idx ON teams (workspace_id, name, id);
"""
FOUND = """TABLE (
    workspace_id uuid, id uuid, mode text, secret_hash bytea, name text, scopes text[], rep_id uuid, visibility text,
    origins text[], networks text[], expires_at timestamptz, revoked_at timestamptz, team uuid[]
)"""
# The identity of a key goes along with every request, so the teams of one rep together have a limit.
FIND = """
SELECT k.workspace_id, k.id, w.mode, k.secret_hash, k.name, k.scopes, k.rep_id, k.visibility,
       k.origins, k.networks, k.expires_at, k.revoked_at,
       ARRAY(SELECT DISTINCT mate FROM teams t CROSS JOIN unnest(t.rep_ids) AS mate
             WHERE t.workspace_id = k.workspace_id AND k.visibility = 'team' AND k.rep_id = any(t.rep_ids)
             ORDER BY mate LIMIT 300)
FROM api_keys k JOIN workspaces w ON w.workspace_id = k.workspace_id
WHERE k.public_id = wanted
"""


def upgrade() -> None:
    """Apply."""
    support.run_script(TEAMS)
    support.tenant_table("teams")
    audit("teams", "team")
    # The release before reads the columns that it knows: one more does not disturb it.
    op.execute("DROP FUNCTION find_api_key(text)")
    support.finder_function("find_api_key", "wanted text", FOUND, FIND)
