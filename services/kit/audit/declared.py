"""What a service lets be audited: one line for each kind of object. Its tables have triggers that fit (a test says)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.kit.identity import Identity

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Audited:
    """One kind of object whose changes are written down."""

    object_type: str
    table: str
    scope: str
    """Who may not read such objects does not learn of their changes."""
    guarded: Mapping[str, str] = field(default_factory=dict)
    """Columns whose values only those may see who have a scope of their own, and that scope."""

    def shown(self, values: Values | None, caller: Identity) -> dict[str, Any] | None:
        """Return values before or after a change as a caller may see them."""
        if values is None:
            return None
        return {
            name: value for name, value in values.items() if name not in self.guarded or caller.may(self.guarded[name])
        }


JOBS = Audited("job", "jobs", "jobs:read")
