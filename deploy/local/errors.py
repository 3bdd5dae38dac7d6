"""The one error of the local run: a sentence for the person at the terminal."""


class LocalRunError(Exception):
    """Says in one clear sentence why the local run cannot go on."""


def unusable(error: OSError) -> str:
    """Return the sentence about a file or folder that does not do what it must."""
    return f"{error.filename or 'A file'} cannot be used: {error.strerror or error}."
