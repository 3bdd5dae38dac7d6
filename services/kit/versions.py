"""Row versions: the guard against a lost update, apart from HTTP, so that services can use it."""

from services.kit.problems import PreconditionFailed


def check_version(current: int, wanted: frozenset[int] | None) -> None:
    """Raise PreconditionFailed unless the present version is a wanted one (None wants any)."""
    if wanted is not None and current not in wanted:
        raise PreconditionFailed(current)
