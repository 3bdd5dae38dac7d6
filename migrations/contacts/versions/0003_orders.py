"""Sources with their secrets and deliveries, identities, orders."""

from migrations import support

revision = "contacts_0003"
down_revision = "contacts_0002"

SOURCES = """
CREATE TABLE sources (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    key text NOT NULL,
    platform text NOT NULL,
    name text NOT NULL,
    status text DEFAULT 'active' NOT NULL,
    rejected bigint DEFAULT 0 NOT NULL,
    rejected_at timestamptz,
    CONSTRAINT sources_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT sources_platform_check CHECK (platform IN ('shopify', 'woocommerce', 'generic')),
    CONSTRAINT sources_status_check CHECK (status IN ('active', 'paused'))
);
CREATE INDEX sources_created_idx ON sources (workspace_id, created_at, id);
CREATE UNIQUE INDEX sources_key_key ON sources (workspace_id, key);
"""

SOURCE_SECRETS = """
CREATE TABLE source_secrets (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    source_id uuid NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz,
    sealed bytea NOT NULL,
    last4 text NOT NULL,
    CONSTRAINT source_secrets_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT source_secrets_workspace_id_source_id_fkey FOREIGN KEY (workspace_id, source_id)
        REFERENCES sources (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX source_secrets_source_idx ON source_secrets (workspace_id, source_id, id);
"""

DELIVERIES = """
CREATE TABLE deliveries (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    source_id uuid NOT NULL,
    id uuid NOT NULL,
    received_at timestamptz DEFAULT now() NOT NULL,
    topic text NOT NULL,
    status text NOT NULL,
    attempts bigint DEFAULT 0 NOT NULL,
    outcome text,
    error text,
    processed_at timestamptz,
    external_id text,
    order_id uuid,
    person_id uuid,
    effects text DEFAULT 'all' NOT NULL,
    dedupe_key uuid NOT NULL,
    event_key uuid,
    headers jsonb DEFAULT '{}'::jsonb NOT NULL,
    body bytea NOT NULL,
    CONSTRAINT deliveries_pkey PRIMARY KEY (workspace_id, source_id, id),
    CONSTRAINT deliveries_effects_check CHECK (effects IN ('none', 'scores', 'all')),
    CONSTRAINT deliveries_status_check
        CHECK (status IN ('received', 'processed', 'ignored', 'failed', 'parked', 'rejected'))
);
CREATE UNIQUE INDEX deliveries_dedupe_key ON deliveries (workspace_id, source_id, dedupe_key);
CREATE UNIQUE INDEX deliveries_event_key ON deliveries (workspace_id, source_id, event_key)
    WHERE event_key IS NOT NULL;
CREATE INDEX deliveries_resource_idx ON deliveries (workspace_id, source_id, external_id, id)
    WHERE external_id IS NOT NULL;
CREATE INDEX deliveries_unfinished_idx ON deliveries (workspace_id, source_id, status, id)
    WHERE status IN ('failed', 'parked');
CREATE INDEX deliveries_waiting_idx ON deliveries (id) WHERE status = 'received';
"""

IDENTITIES = """
CREATE TABLE identities (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    value text NOT NULL,
    owner_type text NOT NULL,
    owner_id uuid NOT NULL,
    joins boolean NOT NULL,
    CONSTRAINT identities_pkey PRIMARY KEY (workspace_id, kind, source, value, owner_id),
    CONSTRAINT identities_kind_check CHECK (kind IN ('external', 'email', 'phone')),
    CONSTRAINT identities_owner_type_check CHECK (owner_type IN ('person', 'account'))
);
CREATE UNIQUE INDEX identities_joining_key ON identities (workspace_id, owner_type, kind, source, value) WHERE joins;
CREATE INDEX identities_owner_idx ON identities (workspace_id, owner_id);
"""

ORDERS = """
CREATE TABLE orders (
    workspace_id uuid DEFAULT NULLIF(current_setting('app.workspace_id', true), '')::uuid NOT NULL,
    id uuid NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    source_id uuid,
    source text NOT NULL,
    external_id text NOT NULL,
    number text,
    buyer_id uuid,
    account_id uuid,
    customer_id uuid,
    customer_type text,
    status text NOT NULL,
    payment_status text NOT NULL,
    fulfilment_status text NOT NULL,
    platform_status text,
    payment_kind text,
    currency text NOT NULL,
    total_minor bigint NOT NULL,
    subtotal_minor bigint,
    discount_minor bigint,
    tax_minor bigint,
    shipping_minor bigint,
    refunded_minor bigint NOT NULL,
    net_minor bigint NOT NULL,
    goods_minor bigint,
    placed_at timestamptz NOT NULL,
    platform_updated_at timestamptz NOT NULL,
    status_rank bigint NOT NULL,
    body_hash text NOT NULL,
    cancelled_at timestamptz,
    deleted_balance bigint DEFAULT 0 NOT NULL,
    items jsonb DEFAULT '[]'::jsonb NOT NULL,
    refunds jsonb DEFAULT '[]'::jsonb NOT NULL,
    coupons text[] DEFAULT '{}'::text[] NOT NULL,
    store text,
    rep_id uuid,
    promised_at timestamptz,
    dispatched_at timestamptz,
    delivered_at timestamptz,
    test boolean DEFAULT false NOT NULL,
    effects text DEFAULT 'all' NOT NULL,
    merge_state jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT orders_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT orders_external_key UNIQUE (workspace_id, source, external_id),
    CONSTRAINT orders_customer_type_check CHECK (customer_type IN ('person', 'account')),
    CONSTRAINT orders_effects_check CHECK (effects IN ('none', 'scores', 'all')),
    CONSTRAINT orders_payment_kind_check
        CHECK (payment_kind IN ('card', 'transfer', 'cash_on_delivery', 'invoice', 'wallet', 'other')),
    CONSTRAINT orders_status_check
        CHECK (status IN ('draft', 'pending', 'paid', 'partially_paid', 'fulfilled', 'cancelled', 'refunded',
                          'partially_refunded', 'failed', 'on_hold', 'deleted'))
);
CREATE INDEX orders_account_buyer_idx ON orders (workspace_id, buyer_id) WHERE account_id IS NOT NULL;
CREATE INDEX orders_customer_idx ON orders (workspace_id, customer_id, placed_at, id);
CREATE INDEX orders_placed_idx ON orders (workspace_id, placed_at, id);
"""

# Raw deliveries are written once and read once: pglz takes longer than all else in storing a row [measured].
PLAIN_BODIES = "ALTER TABLE deliveries ALTER COLUMN body SET STORAGE EXTERNAL;"

TABLES = ("sources", "source_secrets", "deliveries", "identities", "orders")


def upgrade() -> None:
    """Apply."""
    support.run_script(SOURCES + SOURCE_SECRETS + DELIVERIES + IDENTITIES + ORDERS + PLAIN_BODIES)
    for table in TABLES:
        support.tenant_table(table)
