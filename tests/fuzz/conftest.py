"""One running Kith for requests that a machine makes up."""

from tests.system.fixtures import stack

__all__ = ["stack"]
