"""What a caller may see, for all features of scoring."""

from services.kit.identity import Identity
from services.kit.web.lists import Where
from services.scoring.rows import Row


def sees_all(caller: Identity) -> bool:
    """Tell whether the caller sees customers of every rep. Teams are not known here: their members see their own."""
    return caller.visibility == "all" or caller.service is not None


def may_see(caller: Identity, row: Row) -> bool:
    """Tell whether a customer exists for the caller."""
    return sees_all(caller) or (caller.rep_id is not None and row["owner_rep_id"] == caller.rep_id)


def only_visible(where: Where, caller: Identity) -> Where:
    """Limit a list to the customers that exist for the caller; they are `c` in it."""
    where.add("NOT c.deleted AND NOT c.erased AND c.merged_into IS NULL")
    if not sees_all(caller):
        where.add("c.owner_rep_id = {}::uuid", caller.rep_id)
    return where
