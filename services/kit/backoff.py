"""Growing pauses between tries, with jitter, so that many processes do not come back at the same moment."""

from collections.abc import Callable
from random import SystemRandom

chance = SystemRandom().random


class Backoff:
    """Doubles from `first` to `most` seconds; each pause is shortened by up to a half, by chance."""

    def __init__(self, first: float = 0.2, most: float = 30.0, chance: Callable[[], float] = chance) -> None:
        """Begin with `first` seconds; `chance` returns numbers from 0 to below 1."""
        self._first = first
        self._most = most
        self._chance = chance
        self._tries = 0

    def pause(self) -> float:
        """Return how many seconds to wait before the next try."""
        full = min(self._most, self._first * float(2 ** min(self._tries, 30)))
        self._tries += 1
        return full * (1 - self._chance() / 2)

    def reset(self) -> None:
        """Begin anew after a success."""
        self._tries = 0
