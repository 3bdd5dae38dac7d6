"""One running Kith for the generated clients."""

from tests.system.fixtures import stack

__all__ = ["stack"]
