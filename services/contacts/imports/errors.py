"""What can stand against an import as a whole; what is wrong with a row is a fault of that row."""

from services.kit.problems import Invalid


class FileMissing(Invalid):
    """The form has no part named `file`, or the file is empty."""

    title = "There is no file in the form"


class FileUnreadable(Invalid):
    """The file cannot be read any further: its header is not ours, or a record does not end."""

    title = "The file cannot be read"
