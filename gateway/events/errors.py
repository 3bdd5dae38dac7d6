"""What can be wrong with a place in the journal."""

from services.kit.problems import Problem


class PositionExpired(Problem):
    """Events after this position are no longer kept, or history was restored; `oldest` is where the journal begins."""

    status = 410
    title = "The events after this position are no longer kept"
