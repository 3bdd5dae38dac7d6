"""SQL functions that create and drop the days of `journal` for the worker role, which may not do it itself."""

ENSURE_PARTITIONS = """
CREATE FUNCTION ensure_journal_partitions(days integer) RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :schema, pg_temp SET lock_timeout = '4s' SET timezone = 'UTC' AS $body$
-- Makes sure that today and as many `days` after it have a partition; returns the end of the last (exclusive).
DECLARE
    first_day date := current_date;
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(':schema.journal_partitions', 0));
    FOR day IN 0..days LOOP
        part := 'journal_p' || to_char(first_day + day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass(':schema.' || part) IS NOT NULL;
        -- Created apart and attached: CREATE ... PARTITION OF would lock the table against readers and writers.
        EXECUTE format('CREATE TABLE :schema.%I (LIKE :schema.journal INCLUDING ALL)', part);
        EXECUTE format('ALTER TABLE :schema.%I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE :schema.%I FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE :schema.journal ATTACH PARTITION :schema.%I FOR VALUES FROM (%L) TO (%L)',
                       part, first_day + day, first_day + day + 1);
    END LOOP;
    RETURN first_day + days + 1;
END $body$
"""

DROP_PARTITIONS = """
CREATE FUNCTION drop_journal_partitions(horizon timestamptz) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :schema, pg_temp SET lock_timeout = '4s' SET timezone = 'UTC' AS $body$
-- Drops the days that ended before `horizon`; returns how many.
DECLARE
    part text;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(':schema.journal_partitions', 0));
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = ':schema.journal'::regclass AND to_date(right(c.relname, 8), 'YYYYMMDD') + 1 <= horizon
    LOOP
        EXECUTE format('DROP TABLE :schema.%I', part);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $body$
"""
