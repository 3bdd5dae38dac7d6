"""What a caller may see, for all features of scoring."""

from services.kit.identity import Identity
from services.kit.web import visibility
from services.kit.web.lists import Where
from services.scoring.rows import Row


def may_see(caller: Identity, row: Row) -> bool:
    """Tell whether a customer exists for the caller."""
    return caller.sees(row["owner_rep_id"])


def only_visible(where: Where, caller: Identity) -> Where:
    """Limit a list to the customers that exist for the caller; they are `c` in it."""
    where.add("NOT c.deleted AND NOT c.erased AND c.merged_into IS NULL")
    return visibility.only_visible(where, caller, "c.owner_rep_id")
