"""What can stand against a request about reps."""

from services.kit.problems import Conflict


class RepEmailTaken(Conflict):
    """Another rep has this e-mail address; `existing_id` says who."""

    title = "Another rep has this e-mail address"
