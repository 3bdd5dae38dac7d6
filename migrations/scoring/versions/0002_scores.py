"""Facts copied from contacts and the gateway, policies, cut-offs, standings, scores and their history."""

from migrations import support

revision = "scoring_0002"
down_revision = "scoring_0001"

SETTINGS = """
CREATE TABLE workspaces (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    time_zone text DEFAULT 'UTC' NOT NULL,
    reporting_currency text,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT workspaces_pkey PRIMARY KEY (workspace_id)
);
CREATE TABLE schedules (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    daily_at timestamptz,
    stirred_at timestamptz,
    sweep_after timestamptz,
    CONSTRAINT schedules_pkey PRIMARY KEY (workspace_id)
);
"""

CUSTOMERS = """
CREATE TABLE customers (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    customer_id uuid NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    type text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    deleted boolean DEFAULT false NOT NULL,
    erased boolean DEFAULT false NOT NULL,
    merged_into uuid,
    owner_rep_id uuid,
    designated_rep_id uuid,
    designated_at timestamptz,
    do_not_pursue boolean DEFAULT false NOT NULL,
    internal boolean DEFAULT false NOT NULL,
    member boolean GENERATED ALWAYS AS (
        NOT (do_not_pursue OR internal OR deleted OR erased OR merged_into IS NOT NULL)
    ) STORED,
    CONSTRAINT customers_pkey PRIMARY KEY (workspace_id, customer_id),
    CONSTRAINT customers_type_check CHECK (type IN ('person', 'account'))
);
CREATE INDEX customers_designated_idx ON customers (workspace_id, designated_rep_id);
CREATE INDEX customers_owner_idx ON customers (workspace_id, owner_rep_id);
CREATE TABLE reps (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    rep_id uuid NOT NULL,
    version bigint NOT NULL,
    active boolean NOT NULL,
    CONSTRAINT reps_pkey PRIMARY KEY (workspace_id, rep_id)
);
"""

ORDERS = """
CREATE TABLE orders (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    order_id uuid NOT NULL,
    version bigint NOT NULL,
    customer_id uuid,
    customer_type text,
    buyer_id uuid,
    account_id uuid,
    placed_at timestamptz NOT NULL,
    status text NOT NULL,
    status_before text,
    payment_kind text,
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    goods_minor bigint,
    refunds jsonb DEFAULT '[]'::jsonb NOT NULL,
    cancelled_at timestamptz,
    test boolean DEFAULT false NOT NULL,
    effects text DEFAULT 'all' NOT NULL,
    settled_at timestamptz NOT NULL,
    day date NOT NULL,
    counts boolean NOT NULL,
    net_minor bigint,
    missing_rate text,
    over_refunded boolean DEFAULT false NOT NULL,
    CONSTRAINT orders_pkey PRIMARY KEY (workspace_id, order_id),
    CONSTRAINT orders_customer_type_check CHECK (customer_type IN ('person', 'account'))
);
CREATE INDEX orders_buyer_idx ON orders (workspace_id, buyer_id, placed_at) WHERE account_id IS NOT NULL;
CREATE INDEX orders_currency_idx ON orders (workspace_id, currency, customer_id);
CREATE INDEX orders_customer_idx ON orders (workspace_id, customer_id, placed_at);
CREATE INDEX orders_settled_idx ON orders (workspace_id, settled_at);
CREATE TABLE exchange_rates (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    rate_id uuid NOT NULL,
    version bigint NOT NULL,
    currency text NOT NULL,
    valid_from date NOT NULL,
    rate numeric NOT NULL,
    deleted boolean DEFAULT false NOT NULL,
    CONSTRAINT exchange_rates_pkey PRIMARY KEY (workspace_id, rate_id)
);
CREATE INDEX exchange_rates_currency_idx ON exchange_rates (workspace_id, currency, valid_from);
"""

INTERACTIONS = """
CREATE TABLE interactions (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    interaction_id uuid NOT NULL,
    version bigint NOT NULL,
    customer_id uuid NOT NULL,
    function text NOT NULL,
    channel text NOT NULL,
    direction text NOT NULL,
    occurred_at timestamptz NOT NULL,
    outcome text,
    rep_id uuid,
    deleted boolean DEFAULT false NOT NULL,
    CONSTRAINT interactions_pkey PRIMARY KEY (workspace_id, interaction_id)
);
CREATE INDEX interactions_customer_idx ON interactions (workspace_id, customer_id, occurred_at);
"""

POLICIES = """
CREATE TABLE scoring_policies (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    status text NOT NULL,
    rules jsonb NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    activated_at timestamptz,
    CONSTRAINT scoring_policies_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT scoring_policies_status_check CHECK (status IN ('draft', 'active', 'retired'))
);
CREATE UNIQUE INDEX scoring_policies_version_idx ON scoring_policies (workspace_id, version);
"""

CUTOFFS = """
CREATE TABLE cutoffs (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    population text NOT NULL,
    family text NOT NULL,
    computed_at timestamptz NOT NULL,
    dated boolean DEFAULT false NOT NULL,
    policy_version bigint NOT NULL,
    body jsonb NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT cutoffs_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT cutoffs_population_check CHECK (population IN ('person', 'account')),
    CONSTRAINT cutoffs_family_check CHECK (family IN ('tiers', 'daily'))
);
CREATE INDEX cutoffs_force_idx ON cutoffs (workspace_id, dated, population, family, computed_at, id);
"""

STANDINGS = """
CREATE TABLE standings (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    customer_id uuid NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    as_of timestamptz NOT NULL,
    policy_version bigint NOT NULL,
    currency text NOT NULL,
    net_revenue_minor bigint NOT NULL,
    orders_count bigint NOT NULL,
    purchase_days bigint NOT NULL,
    first_order_at timestamptz,
    last_order_id uuid,
    last_order_at timestamptz,
    last_order_effects text,
    overdue_ratio double precision,
    held_tier bigint,
    held_earned bigint,
    held_low bigint,
    held_mark bigint,
    wake_at timestamptz,
    CONSTRAINT standings_pkey PRIMARY KEY (workspace_id, customer_id)
) WITH (fillfactor = 80);
CREATE INDEX standings_wake_idx ON standings (workspace_id, wake_at) WHERE wake_at IS NOT NULL;
"""

SCORES = """
CREATE TABLE scores (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    customer_id uuid NOT NULL,
    kind text NOT NULL,
    value text,
    points bigint,
    previous_value text,
    changed_at timestamptz NOT NULL,
    policy_version bigint NOT NULL,
    body jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT scores_pkey PRIMARY KEY (workspace_id, customer_id, kind)
) WITH (fillfactor = 80);
CREATE INDEX scores_changed_idx ON scores (workspace_id, kind, changed_at, customer_id);
CREATE INDEX scores_points_idx ON scores (workspace_id, kind, points, customer_id);
CREATE INDEX scores_value_idx ON scores (workspace_id, kind, value, points, customer_id);
CREATE TABLE score_history (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    kind text NOT NULL,
    value text,
    previous_value text,
    points bigint,
    previous_points bigint,
    as_of timestamptz NOT NULL,
    policy_version bigint NOT NULL,
    cause text NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT score_history_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT score_history_cause_check CHECK (cause IN ('fact', 'time', 'recompute', 'sweep'))
);
CREATE INDEX score_history_customer_idx ON score_history (workspace_id, customer_id, as_of, id);
"""

DATED = """
CREATE TABLE dated_runs (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    as_of timestamptz NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    finished_at timestamptz,
    CONSTRAINT dated_runs_pkey PRIMARY KEY (workspace_id, id)
);
CREATE INDEX dated_runs_as_of_idx ON dated_runs (workspace_id, as_of, id);
CREATE TABLE dated_scores (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    run_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    kind text NOT NULL,
    value text,
    points bigint,
    policy_version bigint NOT NULL,
    body jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT dated_scores_pkey PRIMARY KEY (workspace_id, run_id, customer_id, kind)
);
CREATE INDEX dated_scores_points_idx ON dated_scores (workspace_id, run_id, kind, points, customer_id);
CREATE INDEX dated_scores_value_idx ON dated_scores (workspace_id, run_id, kind, value, points, customer_id);
"""


READ = "SELECT"
APPEND = "SELECT, INSERT"


def upgrade() -> None:
    """Apply."""
    for script in (SETTINGS, CUSTOMERS, ORDERS, INTERACTIONS, POLICIES, CUTOFFS, STANDINGS, SCORES, DATED):
        support.run_script(script)
    for table in ("workspaces", "customers", "reps", "orders", "exchange_rates", "interactions", "scoring_policies"):
        support.tenant_table(table, api=READ)
    for table in ("standings", "scores", "dated_runs", "dated_scores"):
        support.tenant_table(table, api=READ)
    # What was recorded or published once is never rewritten.
    support.tenant_table("cutoffs", api=READ, worker=APPEND)
    support.tenant_table("score_history", api=READ, worker=APPEND)
    support.tenant_table("schedules", api="")
