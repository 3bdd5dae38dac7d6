"""What a caller may not see does not exist for him: the condition that every list of customers' things carries."""

from services.kit.identity import Identity
from services.kit.web.lists import Where


def only_visible(where: Where, caller: Identity, *columns: str) -> Where:
    """Limit a list to rows of which one of the columns names a rep whose customers the caller sees."""
    if caller.sees_all:
        return where
    # One rep is compared as one: an index that goes on with the sort key then serves the order too.
    alone = caller.reps[0] if len(caller.reps) == 1 else None
    right = "{0}::uuid" if alone else "any({0}::uuid[])"
    return where.add("(" + " OR ".join(f"{column} = {right}" for column in columns) + ")", alone or caller.reps)
