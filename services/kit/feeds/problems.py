"""What a feed answers to a cursor that it cannot go on from."""

from services.kit.problems import Conflict, Problem


class CursorExpired(Problem):
    """The events after this cursor are no longer kept; read the snapshot and go on from its position."""

    status = 410
    title = "The events after this cursor are no longer kept"


class EpochChanged(Conflict):
    """The feed began a new epoch, after a restore or rebuild; read the snapshot and go on from its position."""

    title = "The feed began a new epoch"


class CursorBeyondHead(Conflict):
    """The cursor lies beyond the newest event, so events that it has seen are lost; read the snapshot."""

    title = "The cursor lies beyond the newest event"
