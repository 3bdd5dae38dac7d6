"""People, accounts, reps, interactions, exchange rates, copied workspace settings, imports."""

from migrations import support

revision = "contacts_0002"
down_revision = "contacts_0001"

REPS = """
CREATE TABLE reps (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    display_name text COLLATE "C" NOT NULL,
    email text,
    locale text,
    time_zone text,
    active boolean DEFAULT true NOT NULL,
    CONSTRAINT reps_pkey PRIMARY KEY (workspace_id, id)
);
CREATE INDEX reps_created_idx ON reps (workspace_id, created_at, id);
CREATE INDEX reps_name_idx ON reps (workspace_id, display_name, id);
CREATE UNIQUE INDEX reps_email_key ON reps (workspace_id, email) WHERE email IS NOT NULL;
"""

PEOPLE = """
CREATE TABLE people (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    deleted_at timestamptz,
    merged_into uuid,
    given_name text,
    family_name text,
    display_name text COLLATE "C",
    phonetic_name text,
    birthday text,
    locale text,
    time_zone text,
    preferred_channel text,
    contact_hours jsonb DEFAULT '[]'::jsonb NOT NULL,
    emails jsonb DEFAULT '[]'::jsonb NOT NULL,
    primary_email text,
    phones jsonb DEFAULT '[]'::jsonb NOT NULL,
    primary_phone text,
    addresses jsonb DEFAULT '[]'::jsonb NOT NULL,
    handles jsonb DEFAULT '[]'::jsonb NOT NULL,
    region text,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    custom jsonb DEFAULT '{}'::jsonb NOT NULL,
    owner_rep_id uuid,
    designated_rep_id uuid,
    designated_at timestamptz,
    lifecycle_stage text,
    do_not_contact boolean DEFAULT false NOT NULL,
    do_not_pursue boolean DEFAULT false NOT NULL,
    internal boolean DEFAULT false NOT NULL,
    provenance jsonb DEFAULT '{}'::jsonb NOT NULL,
    released_keys jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT people_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT people_lifecycle_stage_check CHECK (lifecycle_stage IN ('lead', 'prospect', 'customer', 'former')),
    CONSTRAINT people_preferred_channel_check
        CHECK (preferred_channel IN ('visit', 'call', 'email', 'chat', 'sms', 'social', 'event', 'gift', 'other'))
);
CREATE INDEX people_created_idx ON people (workspace_id, created_at, id);
CREATE INDEX people_merged_idx ON people (workspace_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX people_name_idx ON people (workspace_id, display_name, id);
CREATE INDEX people_owner_idx ON people (workspace_id, owner_rep_id, created_at, id);
CREATE INDEX people_tags_idx ON people USING gin (workspace_id, tags);
CREATE INDEX people_updated_idx ON people (workspace_id, updated_at, id);
"""

ACCOUNTS = """
CREATE TABLE accounts (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    deleted_at timestamptz,
    merged_into uuid,
    name text COLLATE "C" NOT NULL,
    domain text,
    industry text,
    relations text[] DEFAULT '{}'::text[] NOT NULL,
    profile jsonb DEFAULT '{}'::jsonb NOT NULL,
    total_market_minor bigint,
    not_serviceable_minor bigint,
    potential_currency text,
    region text,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    custom jsonb DEFAULT '{}'::jsonb NOT NULL,
    owner_rep_id uuid,
    designated_rep_id uuid,
    designated_at timestamptz,
    lifecycle_stage text,
    do_not_contact boolean DEFAULT false NOT NULL,
    do_not_pursue boolean DEFAULT false NOT NULL,
    internal boolean DEFAULT false NOT NULL,
    provenance jsonb DEFAULT '{}'::jsonb NOT NULL,
    released_keys jsonb DEFAULT '[]'::jsonb NOT NULL,
    CONSTRAINT accounts_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT accounts_lifecycle_stage_check CHECK (lifecycle_stage IN ('lead', 'prospect', 'customer', 'former'))
);
CREATE INDEX accounts_created_idx ON accounts (workspace_id, created_at, id);
CREATE INDEX accounts_domain_idx ON accounts (workspace_id, domain);
CREATE INDEX accounts_merged_idx ON accounts (workspace_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX accounts_name_idx ON accounts (workspace_id, name, id);
CREATE INDEX accounts_owner_idx ON accounts (workspace_id, owner_rep_id, created_at, id);
CREATE INDEX accounts_tags_idx ON accounts USING gin (workspace_id, tags);
CREATE INDEX accounts_updated_idx ON accounts (workspace_id, updated_at, id);
"""

INTERACTIONS = """
CREATE TABLE interactions (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    deleted_at timestamptz,
    customer_id uuid NOT NULL,
    customer_type text NOT NULL,
    rep_id uuid,
    function text NOT NULL,
    channel text NOT NULL,
    direction text NOT NULL,
    occurred_at timestamptz NOT NULL,
    purpose text,
    summary text,
    outcome text,
    sentiment double precision,
    participants jsonb DEFAULT '[]'::jsonb NOT NULL,
    cost_minor bigint,
    cost_currency text,
    findings text,
    next_step text,
    next_step_due_at timestamptz,
    effects text DEFAULT 'all' NOT NULL,
    CONSTRAINT interactions_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT interactions_customer_type_check CHECK (customer_type IN ('person', 'account')),
    CONSTRAINT interactions_function_check
        CHECK (function IN ('care', 'information', 'transaction', 'service', 'intelligence')),
    CONSTRAINT interactions_channel_check
        CHECK (channel IN ('visit', 'call', 'email', 'chat', 'sms', 'social', 'event', 'gift', 'other')),
    CONSTRAINT interactions_direction_check CHECK (direction IN ('inbound', 'outbound')),
    CONSTRAINT interactions_outcome_check
        CHECK (outcome IN ('reached', 'no_answer', 'left_message', 'done', 'declined', 'other')),
    CONSTRAINT interactions_sentiment_check CHECK (sentiment BETWEEN -1 AND 1),
    CONSTRAINT interactions_effects_check CHECK (effects IN ('none', 'scores', 'all'))
);
CREATE INDEX interactions_created_idx ON interactions (workspace_id, created_at, id);
CREATE INDEX interactions_customer_idx ON interactions (workspace_id, customer_id, occurred_at, id);
CREATE INDEX interactions_occurred_idx ON interactions (workspace_id, occurred_at, id);
CREATE INDEX interactions_rep_idx ON interactions (workspace_id, rep_id, occurred_at, id);
CREATE INDEX interactions_updated_idx ON interactions (workspace_id, updated_at, id);
"""

EXCHANGE_RATES = """
CREATE TABLE exchange_rates (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    currency text NOT NULL,
    valid_from date NOT NULL,
    rate numeric NOT NULL,
    CONSTRAINT exchange_rates_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT exchange_rates_rate_check CHECK (rate > 0),
    CONSTRAINT exchange_rates_workspace_id_currency_valid_from_key UNIQUE (workspace_id, currency, valid_from)
);
"""

WORKSPACES = """
CREATE TABLE workspaces (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL,
    mode text DEFAULT 'live' NOT NULL,
    time_zone text NOT NULL,
    locale text NOT NULL,
    reporting_currency text NOT NULL,
    default_region text,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT workspaces_pkey PRIMARY KEY (workspace_id)
);
"""

IMPORTS = """
CREATE TABLE imports (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    kind text NOT NULL,
    format text NOT NULL,
    source text NOT NULL,
    mode text NOT NULL,
    effects text NOT NULL,
    dry_run boolean DEFAULT false NOT NULL,
    mapping jsonb DEFAULT '{}'::jsonb NOT NULL,
    file_name text,
    size_bytes bigint NOT NULL,
    lines bigint NOT NULL,
    sha256 text NOT NULL,
    CONSTRAINT imports_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT imports_mode_check CHECK (mode IN ('upsert', 'create_only')),
    CONSTRAINT imports_effects_check CHECK (effects IN ('none', 'scores', 'all'))
);
CREATE INDEX imports_created_idx ON imports (workspace_id, created_at, id);
"""

IMPORT_PIECES = """
CREATE TABLE import_pieces (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    import_id uuid NOT NULL,
    start_byte bigint NOT NULL,
    data bytea NOT NULL,
    CONSTRAINT import_pieces_pkey PRIMARY KEY (workspace_id, import_id, start_byte)
);
"""

IMPORT_FAULTS = """
CREATE TABLE import_faults (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    import_id uuid NOT NULL,
    row_number bigint NOT NULL,
    column_name text,
    code text NOT NULL,
    message text NOT NULL,
    external_id text,
    CONSTRAINT import_faults_pkey PRIMARY KEY (workspace_id, import_id, row_number),
    CONSTRAINT import_faults_workspace_id_import_id_fkey FOREIGN KEY (workspace_id, import_id)
        REFERENCES imports (workspace_id, id) ON DELETE CASCADE
);
"""


BY_TAGS = "SELECT c.id FROM {table} c WHERE c.{{OWN_ROWS}} AND c.tags && wanted"
"""Arrays are not leakproof, so under row security the api role could not use their index."""


SCRIPTS = (REPS, PEOPLE, ACCOUNTS, INTERACTIONS, EXCHANGE_RATES, WORKSPACES, IMPORTS, IMPORT_PIECES, IMPORT_FAULTS)
TABLES = ("reps", "people", "accounts", "interactions", "exchange_rates", "imports", "import_pieces", "import_faults")


def upgrade() -> None:
    """Apply."""
    for script in SCRIPTS:
        support.run_script(script)
    for table in TABLES:
        support.tenant_table(table)
    support.tenant_table("workspaces", api="SELECT")
    for table in ("people", "accounts"):
        support.finder_function(f"find_{table}_by_tags", "wanted text[]", "SETOF uuid", BY_TAGS.format(table=table))
