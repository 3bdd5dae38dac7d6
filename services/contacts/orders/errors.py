"""What can stand against a request about orders."""

from services.kit.problems import Conflict


class OrderExists(Conflict):
    """An order of this source with this external id is known; change it with PUT. `existing_id` is the order."""

    title = "The order is known already"
