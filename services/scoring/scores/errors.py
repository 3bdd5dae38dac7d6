"""What can stand against a request about scores."""

from services.kit.problems import Conflict


class EvaluationNeeded(Conflict):
    """Nobody was evaluated for exactly this time; ask for it with POST /v1/scores/recompute and its `as_of`."""

    title = "There is no evaluation for this time"
