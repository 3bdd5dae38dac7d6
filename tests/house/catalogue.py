"""What PostgreSQL's catalogue says about our tables, and the exceptions that the house allows, each with its reason."""

SERVICES = "('gateway', 'contacts', 'scoring', 'campaigns')"
ALL_SCHEMAS = (
    "('gateway', 'contacts', 'scoring', 'campaigns', 'gateway_jobs', 'contacts_jobs', 'scoring_jobs', 'campaigns_jobs')"
)

WITHOUT_WORKSPACE = {
    "alembic_version": "the revision of the schema",
    "feed_state": "one row for the whole feed; requests have no right on it",
    "cursors": "one row per follower over all workspaces; requests have no right on it",
    "sealed_keys": "keys of the schema itself; requests have no right on it",
}
KEYS_WITHOUT_WORKSPACE = {
    "outbox_pkey": "read by the sequencer in the order of writing, over all workspaces",
    "audit_inbox_pkey": "chained in the order of writing, over all workspaces",
    "events_pkey": "read by followers in the order of positions, over all workspaces",
    "public_handles_pkey": "looked up before the workspace is known; that is its purpose",
    "api_keys_public_id_key": "the same: a key tells which workspace a request belongs to",
    "deliveries_waiting_idx": "appliers take deliveries of all workspaces in the order of their arrival",
}

TABLES = f"""
SELECT n.nspname AS schema, c.relname AS name, c.relrowsecurity AS secured, c.relforcerowsecurity AS forced,
       pg_get_userbyid(c.relowner) AS owner, c.relispartition AS partition,
       EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'workspace_id') AS has_workspace
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname IN {SERVICES}
"""
POLICIES = f"""
SELECT schemaname AS schema, tablename AS name, policyname, roles::text[] AS roles, permissive, cmd, qual, with_check
FROM pg_policies WHERE schemaname IN {SERVICES}
"""
BTREE_KEYS = f"""
SELECT n.nspname AS schema, i.relname AS index, t.relname AS name, x.indisunique AS unique,
       (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = x.indkey[0]) AS first
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam AND m.amname = 'btree'
JOIN pg_class t ON t.oid = x.indrelid AND NOT t.relispartition JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname IN {SERVICES}
"""
INDEXED_TYPES = f"""
SELECT n.nspname || '.' || t.relname || '.' || a.attname AS column, format_type(a.atttypid, NULL) AS type
FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam AND m.amname = 'btree'
JOIN pg_class t ON t.oid = x.indrelid AND NOT t.relispartition JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (x.indkey) AND a.attnum > 0
WHERE n.nspname IN {SERVICES} AND t.relname <> 'alembic_version'
"""
COLUMNS = f"""
SELECT n.nspname || '.' || t.relname || '.' || a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
       y.typtype = 'e' AS enum, a.attname AS name, a.attnotnull AS required,
       pg_get_expr(d.adbin, d.adrelid) AS default_value, col_description(t.oid, a.attnum) AS comment
FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type y ON y.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
WHERE t.relkind IN ('r', 'p') AND NOT t.relispartition AND n.nspname IN {SERVICES}
AND t.relname <> 'alembic_version'
"""
FOREIGN_KEYS = f"""
SELECT n.nspname || '.' || t.relname || ' ' || k.conname AS key, rn.nspname = n.nspname AS same_schema,
       ARRAY(SELECT a.attname FROM unnest(k.conkey) WITH ORDINALITY u (num, place)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY place)::text[] AS columns
FROM pg_constraint k
JOIN pg_class t ON t.oid = k.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_class r ON r.oid = k.confrelid JOIN pg_namespace rn ON rn.oid = r.relnamespace
WHERE k.contype = 'f' AND n.nspname IN {SERVICES} AND NOT t.relispartition
"""
FUNCTIONS = f"""
SELECT n.nspname || '.' || p.proname AS function, n.nspname AS schema, p.prosecdef AS definer, r.rolname AS owner,
       r.rolsuper OR r.rolbypassrls AS mighty, coalesce(p.proconfig, '{{}}') AS settings,
       has_function_privilege('public', p.oid, 'EXECUTE') AS for_everybody
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles r ON r.oid = p.proowner
WHERE n.nspname IN {ALL_SCHEMAS}
"""
ROLES = """
SELECT rolname AS name, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS mighty,
       rolcanlogin AS login
FROM pg_roles WHERE rolname ~ '^(gateway|contacts|scoring|campaigns)_(owner|api|worker|finder|public)$'
"""
MEMBERSHIPS = """
SELECT m.rolname AS member, r.rolname AS role, a.inherit_option AS inherits
FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid
WHERE m.rolname ~ '^(gateway|contacts|scoring|campaigns)_'
"""
GRANTS = f"""
SELECT n.nspname AS schema, c.relname AS name, coalesce(r.rolname, 'PUBLIC') AS grantee, a.privilege_type AS privilege
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE n.nspname IN {ALL_SCHEMAS} AND c.relkind IN ('r', 'p', 'v')
"""
SCHEMA_RIGHTS = f"""
SELECT n.nspname AS schema, coalesce(r.rolname, 'PUBLIC') AS grantee, a.privilege_type AS privilege
FROM pg_namespace n, aclexplode(n.nspacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
WHERE n.nspname IN {ALL_SCHEMAS} OR n.nspname = 'public'
"""
DEFAULT_RIGHTS = "SELECT defaclrole::regrole::text AS role, defaclobjtype FROM pg_default_acl"
VIEWS = f"SELECT viewname FROM pg_views WHERE schemaname IN {ALL_SCHEMAS}"
TABLE_RIGHTS = f"""
SELECT n.nspname AS schema, c.relname AS name, r.rolname AS role
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN pg_roles r
WHERE n.nspname IN {SERVICES} AND c.relkind IN ('r', 'p') AND NOT c.relispartition
AND r.rolname IN (n.nspname || '_finder', n.nspname || '_public')
AND has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
"""
