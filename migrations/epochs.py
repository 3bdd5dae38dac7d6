"""Beginning a new epoch of a feed by hand, where the server itself cannot know that history was rewritten."""

import uuid

import asyncpg

RENEW = "UPDATE feed_state SET epoch = $1, updated_at = now()"


async def renew_epoch(owner_url: str) -> str:
    """Begin a new epoch and return it; `owner_url` is the address of the schema's owner."""
    epoch = uuid.uuid4().hex
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(RENEW, epoch)
    finally:
        await connection.close()
    return epoch
