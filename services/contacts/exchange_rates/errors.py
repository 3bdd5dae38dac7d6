"""What can stand against a request about exchange rates."""

from services.kit.problems import Invalid


class OwnCurrency(Invalid):
    """The reporting currency is worth itself; there is nothing to say."""

    title = "The reporting currency needs no rate"
