"""Problems of reminders."""

from services.kit.problems import Conflict


class ReminderNotInThatState(Conflict):
    """The reminder's state does not allow this: a finished one cannot be worked on, an old one not reopened."""

    title = "The reminder is not in a state that allows this"
