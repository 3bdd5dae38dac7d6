"""What can go wrong when facts are resolved."""

from services.kit.problems import Unavailable


class OthersWereFaster(Unavailable):
    """Others kept changing the same people or orders while this was worked out; nothing was written, try again."""

    title = "Others are changing the same records"
