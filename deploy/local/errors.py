"""The one error of the local run: a sentence for the person at the terminal."""


class LocalRunError(Exception):
    """Says in one clear sentence why the local run cannot go on."""
