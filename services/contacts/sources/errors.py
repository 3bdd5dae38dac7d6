"""What can go wrong with sources and their deliveries."""

from uuid import UUID

from services.kit.problems import Conflict, Problem, Unavailable


class SourceKeyTaken(Conflict):
    """Another source of this workspace has this key; keys are fixed, so choose another one."""

    title = "Another source has this key"

    def __init__(self, existing_id: UUID | None) -> None:
        super().__init__(existing_id=str(existing_id) if existing_id else None, matched_on="key")


class SourceTakesNoCalls(Conflict):
    """The platform of this source does not call us, so it has no secrets."""

    title = "This source takes no calls"


class SignatureDoesNotFit(Problem):
    """None of the source's secrets signed this body: check the secret, and that nothing rewrites the body."""

    status = 401
    title = "The signature does not fit"


class TooManyDeliveries(Unavailable):
    """More deliveries are waiting to be stored than we want to hold in memory; send this one again in a moment."""

    title = "Too many deliveries at this moment"


class DeliveryNotStored(Unavailable):
    """The database could not store the delivery; send it again."""

    title = "The delivery could not be stored"
