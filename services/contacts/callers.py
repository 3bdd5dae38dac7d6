"""What a caller may see and whom `me` means, for all features of contacts."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.kit.identity import Identity
from services.kit.problems import Conflict

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


def may_see(caller: Identity, row: Mapping[str, Any]) -> bool:
    """Tell whether a customer exists for the caller."""
    return caller.sees(row["owner_rep_id"])


def owner_of_new(caller: Identity) -> UUID | None:
    """Return who looks after a customer whom the caller makes known: his own rep.

    Otherwise one who sees his own customers only would lose sight of whom he has just created. Of one who sees all it
    is nobody, as of shops: an administrator who enters customers does not want to be given them.
    """
    return None if caller.sees_all else caller.rep_id


def with_owner(sent: dict[str, Any], caller: Identity) -> dict[str, Any]:
    """Return what is known of a new customer, with who looks after it unless that is said."""
    return sent if caller.sees_all or "owner_rep_id" in sent else {**sent, "owner_rep_id": owner_of_new(caller)}
