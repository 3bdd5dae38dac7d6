"""People for load: bodies to create, and a hundred thousand rows written straight into the tables."""

from uuid import UUID

import asyncpg
import orjson

PEOPLE = 100_000
BODIES = 20_000


def body(number: int, *, run: int) -> bytes:
    """Return the `number`-th person of a run as a client would send it, about 400 bytes."""
    return orjson.dumps(
        {
            "given_name": "怡君",
            "family_name": "陳",
            "emails": [{"address": f"person{run}.{number}@bench.example", "primary": True}],
            "phones": [{"number": f"+8869{run % 100:02}{number:06}"}],
            "birthday": "1990-05-17",
            "locale": "zh-Hant-TW",
            "time_zone": "Asia/Taipei",
            "region": "Taipei",
            "tags": ["tea", "vip"],
            "custom": {"favourite": "Alishan oolong", "cups": 3},
            "external_ids": [{"source": "import", "id": f"bench-{run}-{number}"}],
        }
    )


async def fill(database_url: str, workspace_id: UUID) -> None:
    """Write a hundred thousand people with their match keys, and let the planner know."""
    connection = await asyncpg.connect(database_url, server_settings={"search_path": "contacts,pg_catalog"})
    try:
        await connection.execute(ROWS, workspace_id, PEOPLE)
        await connection.execute(KEYS, workspace_id)
        await connection.execute("VACUUM (ANALYZE) people")
        await connection.execute("VACUUM (ANALYZE) identities")
    finally:
        await connection.close()


ROWS = """
INSERT INTO people (workspace_id, id, created_at, updated_at, given_name, family_name, display_name, birthday, locale,
    time_zone, emails, primary_email, phones, primary_phone, region, tags, custom)
SELECT $1, uuidv7(make_interval(secs => n - $2)), now() + make_interval(secs => n - $2),
    now() + make_interval(secs => n - $2), '怡君', '陳', '陳怡君', '1990-05-17', 'zh-Hant-TW', 'Asia/Taipei',
    jsonb_build_array(jsonb_build_object('address', 'person' || n || '@list.example', 'verified', true)),
    'person' || n || '@list.example', jsonb_build_array(jsonb_build_object('number', '+8869' || 10000000 + n)),
    '+8869' || 10000000 + n, 'Taipei', '{tea,vip}', '{"favourite": "Alishan oolong", "cups": 3}'
FROM generate_series(1, $2::int) AS n
"""
KEYS = """
INSERT INTO identities (workspace_id, kind, source, value, owner_type, owner_id, joins)
SELECT p.workspace_id, k.kind, k.source, k.value, 'person', p.id, k.joins
FROM people p, LATERAL (VALUES
    ('email', '', p.primary_email, true),
    ('phone', '', p.primary_phone, false),
    ('external', 'import', p.id::text, true)) AS k (kind, source, value, joins)
WHERE p.workspace_id = $1
"""
