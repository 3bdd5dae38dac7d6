"""What a request has made of a row, for all features whose rows can be created, changed or left as they were."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Mapping

    import asyncpg

Row: TypeAlias = "Mapping[str, Any] | asyncpg.Record"


@dataclass(frozen=True, slots=True)
class Written:
    """A row after a request, and what the request did."""

    row: Row
    created: bool = False
    unchanged: bool = False

    @property
    def line(self) -> tuple[int, UUID, int]:
        """The status, id and version of the row, as a batch tells them."""
        return 201 if self.created else 200, self.row["id"], self.row["version"]
