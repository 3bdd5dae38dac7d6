"""The chain of a workspace's audit entries: each link covers the one before it, so that nothing can be changed unseen.

A link holds an entry's facts in clear, for these stay, and its values by a salted digest only: erasure removes values
and salt, and the chain still holds.
"""

import hashlib
from dataclasses import dataclass

START = bytes(32)
"""What the first link of a workspace follows."""

# Both run in the database, so that values are never carried to where they are not needed. An instant is counted in
# microseconds: its text would depend on the time zone of the connection.
FACTS = """sha256(convert_to(jsonb_build_array({0}.id, (extract(epoch FROM {0}.occurred_at) * 1000000)::bigint,
    {0}.actor_id, {0}.actor_kind, {0}.rep_id, {0}.service, {0}.operation, {0}.request_id, {0}.object_type,
    {0}.object_id)::text, 'UTF8'))"""
VALUES = "sha256(uuid_send({0}.salt) || convert_to(jsonb_build_array({0}.before, {0}.after)::text, 'UTF8'))"


@dataclass(frozen=True, slots=True)
class Link:
    """The end of a chain so far."""

    position: int = 0
    digest: bytes = START

    def follow(self, facts: bytes, values: bytes) -> "Link":
        """Return the link of the next entry, from the digests of its facts and of its values."""
        place = self.position + 1
        return Link(place, hashlib.sha256(self.digest + place.to_bytes(8) + facts + values).digest())
