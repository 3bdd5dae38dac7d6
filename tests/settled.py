"""When nothing is under way any more: every event numbered, and applied by everybody who follows it."""

from itertools import product

from migrations import SCHEMAS

WAITING = "SELECT count(*) FROM {0}.outbox"
# Followers are called after their producer; a pair of schemas that has none counts none.
BEHIND = """
SELECT count(*) FROM {0}.cursors c, {1}.feed_state f
WHERE c.follower LIKE '%-from-{1}' AND (c.position, c.state) IS DISTINCT FROM (f.head, 'following')
"""
UNSETTLED = [WAITING.format(schema) for schema in SCHEMAS] + [
    BEHIND.format(*pair) for pair in product(SCHEMAS, repeat=2)
]
"""Statements of one number each, all of which are 0 when everything is settled."""
