"""What is wrong with a row."""


class RowFault(Exception):
    """A row that cannot be taken in: which one, which column, and why."""

    def __init__(self, number: int, column: str | None, code: str, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.column = column
        self.code = code
        self.message = message
