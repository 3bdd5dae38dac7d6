"""What a caller may see and whom `me` means, for all features of campaigns."""

from uuid import UUID

from services.kit.identity import Identity
from services.kit.problems import bad_parameter, invalid_body
from services.kit.web.lists import Where


def rep_in_query(caller: Identity, reference: UUID | str, name: str = "rep_id") -> UUID | None:
    """Return the rep that a filter names; `me` is the caller's own, `null` is none."""
    if reference == "me" and caller.rep_id is None:
        raise bad_parameter(name, "Your key stands for no rep.")
    if reference == "me":
        return caller.rep_id
    return reference if isinstance(reference, UUID) else None


def rep_in_body(caller: Identity, reference: UUID | str, pointer: str) -> UUID:
    """Return the rep that a body names; `me` is the caller's own."""
    if isinstance(reference, UUID):
        return reference
    if caller.rep_id is None:
        raise invalid_body(pointer, "Your key stands for no rep.")
    return caller.rep_id


def any_rep(where: Where, column: str, reps: list[UUID | None]) -> Where:
    """Limit a list to some reps; None among them stands for rows without a rep."""
    known = [rep for rep in reps if rep is not None]
    if known and None in reps:
        return where.add(f"({column} = any({{}}::uuid[]) OR {column} IS NULL)", known)
    if reps:
        return where.add(f"{column} = any({{}}::uuid[])", known) if known else where.add(f"{column} IS NULL")
    return where
