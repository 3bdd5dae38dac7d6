"""SQL functions that create and drop partitions of `events` for the worker role, which may not create tables itself."""

ENSURE_PARTITIONS = """
CREATE FUNCTION ensure_event_partitions(wanted bigint, size bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :schema, pg_temp SET lock_timeout = '4s' AS $body$
-- Makes sure that every position up to `wanted` has a partition, each of `size` positions; returns the end (exclusive).
DECLARE
    upper_bound bigint;
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(':schema.event_partitions', 0));
    SELECT coalesce(max((regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''(\\d+)''\\)'))[1]::bigint), 1)
    INTO upper_bound
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = ':schema.events'::regclass;
    WHILE upper_bound <= wanted LOOP
        part := 'events_p' || upper_bound;
        -- Created apart and attached: CREATE ... PARTITION OF would lock the table against readers and writers.
        EXECUTE format('CREATE TABLE :schema.%I (LIKE :schema.events INCLUDING ALL)', part);
        EXECUTE format('ALTER TABLE :schema.%I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE :schema.%I FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE :schema.events ATTACH PARTITION :schema.%I FOR VALUES FROM (%s) TO (%s)',
                       part, upper_bound, upper_bound + size);
        upper_bound := upper_bound + size;
    END LOOP;
    RETURN upper_bound;
END $body$
"""

DROP_PARTITIONS = """
CREATE FUNCTION drop_event_partitions(horizon bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, :schema, pg_temp SET lock_timeout = '4s' AS $body$
-- Drops the partitions that lie wholly at or below `horizon`; returns the oldest position that is left.
DECLARE
    part record;
    first_left bigint := 1;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(':schema.event_partitions', 0));
    FOR part IN
        SELECT c.oid::regclass::text AS name,
               (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \\(''(\\d+)''\\)'))[1]::bigint AS upper_bound
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = ':schema.events'::regclass
        ORDER BY 2
    LOOP
        EXIT WHEN part.upper_bound > horizon + 1;
        EXECUTE 'DROP TABLE ' || part.name;
        first_left := part.upper_bound;
    END LOOP;
    UPDATE feed_state SET oldest = greatest(oldest, first_left) RETURNING oldest INTO first_left;
    RETURN first_left;
END $body$
"""
