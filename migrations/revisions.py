"""Which revision of a schema this release needs; told by file names alone, so that serving loads no Alembic."""

from pathlib import Path

HERE = Path(__file__).parent


def newest(schema: str) -> int:
    """Return the number of a schema's newest revision: 4 for `versions/0004_order_lists.py`."""
    return max(int(path.name.partition("_")[0]) for path in (HERE / schema / "versions").glob("[0-9]*.py"))
