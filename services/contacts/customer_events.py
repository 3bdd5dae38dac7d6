"""What contacts tells the other services about a person or an account."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.contracts.contacts import CustomerChanged, CustomerType
from services.contracts.envelope import Effects

CARRIED = (
    "created_at",
    "merged_into",
    "owner_rep_id",
    "designated_rep_id",
    "designated_at",
    "lifecycle_stage",
    "do_not_contact",
    "do_not_pursue",
    "internal",
    "region",
    "tags",
)
"""Columns that the event repeats under the same name."""


def customer_event(
    row: Mapping[str, Any], kind: CustomerType, *, effects: str = "all", row_id: UUID | None = None, version: int = 0
) -> CustomerChanged:
    """Return the event for a row as it is now; `row_id` and `version` where the row does not hold them yet."""
    carried = {name: row[name] for name in CARRIED if name in row}
    return CustomerChanged(
        customer_id=row_id or row["id"],
        customer_type=kind,
        version=version or row["version"],
        deleted=row.get("deleted_at") is not None,
        effects=Effects(effects),
        **carried,
    )
