"""Workspaces, API keys and their rate limits."""

from migrations import support

revision = "gateway_0002"
down_revision = "gateway_0001"

WORKSPACES = """
CREATE TABLE workspaces (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    name text NOT NULL,
    mode text DEFAULT 'live' NOT NULL,
    time_zone text NOT NULL,
    locale text NOT NULL,
    reporting_currency text NOT NULL,
    fiscal_year_start text DEFAULT '01-01' NOT NULL,
    default_region text,
    identity jsonb,
    CONSTRAINT workspaces_pkey PRIMARY KEY (workspace_id),
    CONSTRAINT workspaces_mode_check CHECK (mode IN ('live', 'test'))
);
"""

API_KEYS = """
CREATE TABLE api_keys (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    public_id text NOT NULL,
    secret_hash bytea NOT NULL,
    hint text NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    rep_id uuid,
    visibility text DEFAULT 'all' NOT NULL,
    origins text[] DEFAULT '{}'::text[] NOT NULL,
    networks text[] DEFAULT '{}'::text[] NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    rotated_from_id uuid,
    created_by_id uuid,
    created_by_kind text NOT NULL,
    CONSTRAINT api_keys_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT api_keys_visibility_check CHECK (visibility IN ('own', 'team', 'all')),
    CONSTRAINT api_keys_public_id_key UNIQUE (public_id)
);
CREATE INDEX api_keys_created_idx ON api_keys (workspace_id, created_at, id);
CREATE INDEX api_keys_rep_idx ON api_keys (workspace_id, rep_id, created_at, id);
"""

RATE_BUCKETS = """
CREATE TABLE rate_buckets (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    key_id uuid NOT NULL,
    tokens double precision NOT NULL,
    granted bigint NOT NULL,
    filled_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT rate_buckets_pkey PRIMARY KEY (workspace_id, key_id)
) WITH (fillfactor = 50);
"""

FOUND = """TABLE (
    workspace_id uuid, id uuid, mode text, secret_hash bytea, name text, scopes text[], rep_id uuid, visibility text,
    origins text[], networks text[], expires_at timestamptz, revoked_at timestamptz
)"""
FIND = """
SELECT k.workspace_id, k.id, w.mode, k.secret_hash, k.name, k.scopes, k.rep_id, k.visibility,
       k.origins, k.networks, k.expires_at, k.revoked_at
FROM api_keys k JOIN workspaces w ON w.workspace_id = k.workspace_id
WHERE k.public_id = wanted
"""


def upgrade() -> None:
    """Apply."""
    for script in (WORKSPACES, API_KEYS, RATE_BUCKETS):
        support.run_script(script)
    support.tenant_table("workspaces", api="SELECT, UPDATE")
    support.tenant_table("api_keys", api="SELECT, INSERT, UPDATE")
    support.tenant_table("rate_buckets", api="", finder=False)
    # A request has no workspace before its key is known: the one look-up that spans them.
    support.finder_function("find_api_key", "wanted text", FOUND, FIND)
