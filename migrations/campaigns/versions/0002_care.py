"""Care: the audience, copied settings, reps and interactions, care rules, reminders."""

from migrations import support

revision = "campaigns_0002"
down_revision = "campaigns_0001"

WORKSPACES = """
CREATE TABLE workspaces (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    time_zone text DEFAULT 'UTC' NOT NULL,
    locale text DEFAULT 'en' NOT NULL,
    reporting_currency text,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT workspaces_pkey PRIMARY KEY (workspace_id)
);
"""

REPS = """
CREATE TABLE reps (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    active boolean NOT NULL,
    time_zone text,
    locale text,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT reps_pkey PRIMARY KEY (workspace_id, id)
);
"""

INTERACTIONS = """
CREATE TABLE interactions (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    customer_id uuid NOT NULL,
    rep_id uuid,
    function text NOT NULL,
    channel text NOT NULL,
    direction text NOT NULL,
    outcome text,
    occurred_at timestamptz NOT NULL,
    deleted boolean NOT NULL,
    contact boolean NOT NULL,
    CONSTRAINT interactions_pkey PRIMARY KEY (workspace_id, id)
);
CREATE INDEX interactions_customer_idx ON interactions (workspace_id, customer_id, occurred_at) WHERE NOT deleted;
"""

CARE_RULES = """
CREATE TABLE care_rules (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    code text NOT NULL,
    enabled boolean NOT NULL,
    parameters jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT care_rules_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT care_rules_code_check
        CHECK (code IN ('first_order_thanks', 'purchase_follow_up', 'tier_rhythm', 'silence')),
    CONSTRAINT care_rules_workspace_id_code_key UNIQUE (workspace_id, code)
);
"""

AUDIENCE = """
CREATE TABLE audience (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    customer_id uuid NOT NULL,
    type text NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    customer_version bigint DEFAULT 0 NOT NULL,
    created_at timestamptz,
    owner_rep_id uuid,
    designated_rep_id uuid,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    lifecycle_stage text,
    region text,
    do_not_contact boolean DEFAULT false NOT NULL,
    do_not_pursue boolean DEFAULT false NOT NULL,
    internal boolean DEFAULT false NOT NULL,
    deleted boolean DEFAULT false NOT NULL,
    merged_into uuid,
    listed boolean GENERATED ALWAYS AS (created_at IS NOT NULL AND NOT deleted AND merged_into IS NULL) STORED,
    profile_version bigint DEFAULT 0 NOT NULL,
    display_name text COLLATE "C",
    time_zone text,
    locale text,
    preferred_channel text,
    contact_hours jsonb DEFAULT '[]'::jsonb NOT NULL,
    scored_version bigint DEFAULT 0 NOT NULL,
    currency text,
    net_revenue_minor bigint,
    orders_count bigint DEFAULT 0 NOT NULL,
    purchase_days bigint DEFAULT 0 NOT NULL,
    first_order_at timestamptz,
    last_order_id uuid,
    last_order_at timestamptz,
    last_order_effects text DEFAULT 'all' NOT NULL,
    overdue_ratio double precision,
    value_tier text,
    value_tier_points bigint,
    value_tier_since timestamptz,
    customer_class text,
    rfm text,
    churn_risk text,
    churn_risk_since timestamptz,
    scores jsonb DEFAULT '{}'::jsonb NOT NULL,
    last_contact_at timestamptz,
    open_reminders bigint DEFAULT 0 NOT NULL,
    next_reminder_at timestamptz,
    care_from timestamptz,
    look_at timestamptz,
    CONSTRAINT audience_pkey PRIMARY KEY (workspace_id, customer_id),
    CONSTRAINT audience_type_check CHECK (type IN ('person', 'account'))
);
CREATE INDEX audience_created_at_idx ON audience (workspace_id, created_at, customer_id) WHERE listed;
CREATE INDEX audience_display_name_idx ON audience (workspace_id, display_name, customer_id) WHERE listed;
CREATE INDEX audience_last_contact_at_idx ON audience (workspace_id, last_contact_at, customer_id) WHERE listed;
CREATE INDEX audience_last_order_at_idx ON audience (workspace_id, last_order_at, customer_id) WHERE listed;
CREATE INDEX audience_look_idx ON audience (workspace_id, look_at) WHERE look_at IS NOT NULL;
CREATE INDEX audience_merged_idx ON audience (workspace_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX audience_net_revenue_minor_idx ON audience (workspace_id, net_revenue_minor, customer_id) WHERE listed;
CREATE INDEX audience_next_reminder_at_idx ON audience (workspace_id, next_reminder_at, customer_id) WHERE listed;
CREATE INDEX audience_owner_idx ON audience (workspace_id, owner_rep_id, customer_id) WHERE listed;
CREATE INDEX audience_value_tier_points_idx ON audience (workspace_id, value_tier_points, customer_id) WHERE listed;
"""

AUDIENCE_TAGS = """
CREATE TABLE audience_tags (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    tag text COLLATE "C" NOT NULL,
    customer_id uuid NOT NULL,
    CONSTRAINT audience_tags_pkey PRIMARY KEY (workspace_id, tag, customer_id),
    CONSTRAINT audience_tags_workspace_id_customer_id_fkey
        FOREIGN KEY(workspace_id, customer_id) REFERENCES audience (workspace_id, customer_id) ON DELETE CASCADE
);
CREATE INDEX audience_tags_customer_idx ON audience_tags (workspace_id, customer_id);
"""

REMINDERS = """
CREATE TABLE reminders (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    customer_id uuid NOT NULL,
    rep_id uuid,
    rep_pinned boolean DEFAULT false NOT NULL,
    rule text NOT NULL,
    cause text NOT NULL,
    fact_at timestamptz NOT NULL,
    order_id uuid,
    function text NOT NULL,
    channel text NOT NULL,
    form text NOT NULL,
    priority bigint NOT NULL,
    status text NOT NULL,
    due_at timestamptz NOT NULL,
    contact_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    snoozed_until timestamptz,
    sweep_at timestamptz GENERATED ALWAYS AS (CASE WHEN status = 'snoozed' THEN LEAST(snoozed_until, expires_at)
        WHEN status IN ('open', 'escalated') THEN expires_at END) STORED,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    also jsonb DEFAULT '[]'::jsonb NOT NULL,
    merged_into uuid,
    closed_at timestamptz,
    closed_by uuid,
    close_reason text,
    note text,
    completion bigint DEFAULT 0 NOT NULL,
    outcome text,
    summary text,
    contacted_through text,
    contacted_at timestamptz,
    interaction_id uuid,
    CONSTRAINT reminders_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT reminders_status_check
        CHECK (status IN ('open', 'snoozed', 'done', 'skipped', 'escalated', 'expired', 'merged')),
    CONSTRAINT reminders_function_check
        CHECK (function IN ('care', 'information', 'transaction', 'service', 'intelligence')),
    CONSTRAINT reminders_channel_check
        CHECK (channel IN ('visit', 'call', 'email', 'chat', 'sms', 'social', 'event', 'gift', 'other')),
    CONSTRAINT reminders_contacted_through_check
        CHECK (contacted_through IN ('visit', 'call', 'email', 'chat', 'sms', 'social', 'event', 'gift', 'other')),
    CONSTRAINT reminders_closed_at_check CHECK ((closed_at IS NULL) = (status IN ('open', 'snoozed', 'escalated'))),
    CONSTRAINT reminders_workspace_id_cause_key UNIQUE (workspace_id, cause),
    CONSTRAINT reminders_workspace_id_customer_id_fkey
        FOREIGN KEY(workspace_id, customer_id) REFERENCES audience (workspace_id, customer_id)
);
CREATE INDEX reminders_active_due_idx ON reminders (workspace_id, due_at, id)
        WHERE status IN ('open', 'snoozed', 'escalated');
CREATE INDEX reminders_active_priority_idx ON reminders (workspace_id, priority, id)
        WHERE status IN ('open', 'snoozed', 'escalated');
CREATE INDEX reminders_customer_idx ON reminders (workspace_id, customer_id, due_at, id);
CREATE INDEX reminders_due_idx ON reminders (workspace_id, due_at, id);
CREATE INDEX reminders_priority_idx ON reminders (workspace_id, priority, id);
CREATE INDEX reminders_rep_idx ON reminders (workspace_id, rep_id, status, due_at, id);
CREATE INDEX reminders_sweep_idx ON reminders (workspace_id, sweep_at) WHERE sweep_at IS NOT NULL;
"""

TABLES = {
    "workspaces": WORKSPACES,
    "reps": REPS,
    "interactions": INTERACTIONS,
    "care_rules": CARE_RULES,
    "audience": AUDIENCE,
    "audience_tags": AUDIENCE_TAGS,
    "reminders": REMINDERS,
}
FOLLOWED = ("workspaces", "reps", "interactions", "audience", "audience_tags")
"""Tables that only followers write; requests read them."""


def upgrade() -> None:
    """Apply."""
    for name, script in TABLES.items():
        support.run_script(script)
        support.tenant_table(name, api="SELECT" if name in FOLLOWED else "SELECT, INSERT, UPDATE")
    # A request that closes a reminder keeps the customer's count of open ones; it changes nothing else there.
    support.grant("UPDATE (open_reminders, next_reminder_at)", "audience", support.roles().api)
