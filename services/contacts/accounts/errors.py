"""What can stand against a request about accounts."""

from services.kit.problems import Conflict


class AccountExists(Conflict):
    """An account with this external id is known already; `existing_id` is the account."""

    title = "An account with this external id is known already"


class AccountMerged(Conflict):
    """The account was joined into another one; `existing_id` is the one that stayed."""

    title = "The account was joined into another one"
