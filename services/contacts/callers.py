"""What a caller may see and whom `me` means, for all features of contacts."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.kit.identity import Identity
from services.kit.problems import Conflict
from services.kit.web.lists import Where

READ_CONTACT = "people:read_contact"


class NoRepBound(Conflict):
    """`me` stands for the rep of the key, but the key belongs to no rep."""

    title = "This key belongs to no rep"


def rep_of(caller: Identity, reference: UUID | str | None) -> UUID | None:
    """Return the rep that a reference names; `me` is the caller's own."""
    if reference != "me":
        return UUID(str(reference)) if reference else None
    if caller.rep_id is None:
        raise NoRepBound
    return caller.rep_id


def sees_all(caller: Identity) -> bool:
    """Tell whether the caller sees customers of every rep. Teams are not known here: their members see their own."""
    return caller.visibility == "all"


def may_see(caller: Identity, row: Mapping[str, Any]) -> bool:
    """Tell whether a customer exists for the caller."""
    return sees_all(caller) or (caller.rep_id is not None and row["owner_rep_id"] == caller.rep_id)


def only_visible(where: Where, caller: Identity, column: str) -> Where:
    """Limit a list to the customers that exist for the caller."""
    if not sees_all(caller):
        where.add(f"{column} = {{}}::uuid", caller.rep_id)
    return where
