"""What code needs of a database row: its columns by name."""

from typing import Any, Protocol


class Row(Protocol):
    """A row of any query, or a dictionary with the same names."""

    def __getitem__(self, name: str, /) -> Any:  # noqa: ANN401 - as dynamic as the columns
        """Return a column."""
