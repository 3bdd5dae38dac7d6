"""What can stand against a request about people."""

from services.kit.problems import Conflict


class PersonExists(Conflict):
    """A person with this e-mail address, phone number or external id is known already.

    `existing_id` is the person, `matched_on` is `email`, `phone` or `external_id`; both are null where the key may
    not see contact data. `?on_match=link` takes the known person instead of failing.
    """

    title = "A person with this identifier is known already"


class PersonMerged(Conflict):
    """The person was joined into another one; `existing_id` is the one who stayed."""

    title = "The person was joined into another one"
