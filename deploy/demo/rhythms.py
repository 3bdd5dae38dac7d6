"""On which days somebody buys, by habit; ages in days before today."""

from random import Random

from deploy.demo.model import Habit

YEAR = 364
FRESH_DAYS = 2
"""Orders of the last days arrive as webhooks; history ends before them."""
OLDEST_FRESH = 3


def purchase_ages(habit: Habit, chance: Random) -> list[int]:
    """Return the ages of somebody's purchase days, oldest first."""
    makers = {
        Habit.STEADY: _steady,
        Habit.BUYER: _steady,
        Habit.SLIPPING: _slipping,
        Habit.ONE_TIME: _once,
        Habit.LAPSED: _lapsed,
        Habit.RISING: _rising,
        Habit.GREAT: _great,
        Habit.NEWCOMER: _newcomer,
    }
    return sorted(set(makers[habit](chance)), reverse=True)


def _steady(chance: Random) -> list[int]:
    gap = chance.choice((14, 21, 28, 30, 35, 45, 60))
    return _walk(chance.randint(0, gap), gap, chance.randint(3, 14), chance)


def _great(chance: Random) -> list[int]:
    gap = chance.choice((10, 14, 21))
    return _walk(chance.randint(1, 8), gap, chance.randint(14, 26), chance)


def _slipping(chance: Random) -> list[int]:
    # Silent for two to three times the own rhythm: no longer sure to come back, not yet given up.
    gap = chance.choice((21, 28, 30))
    return _walk(int(gap * chance.uniform(2.3, 2.8)), gap, chance.randint(6, 9), chance, jitter=0.1)


def _lapsed(chance: Random) -> list[int]:
    gap = chance.choice((14, 20, 25))
    return _walk(chance.randint(gap * 5, 250), gap, chance.randint(2, 6), chance)


def _rising(chance: Random) -> list[int]:
    # Every gap is shorter than the one before it.
    ages, gap = [chance.randint(1, 8)], chance.randint(8, 12)
    while len(ages) < chance.randint(6, 9) and ages[-1] + gap <= YEAR:
        ages.append(ages[-1] + gap)
        gap = int(gap * chance.uniform(1.25, 1.5))
    return ages


def _once(chance: Random) -> list[int]:
    return [chance.randint(OLDEST_FRESH, YEAR)]


def _newcomer(chance: Random) -> list[int]:
    return [chance.randint(0, FRESH_DAYS)]


def _walk(latest: int, gap: int, count: int, chance: Random, jitter: float = 0.3) -> list[int]:
    ages = [latest]
    while len(ages) < count:
        step = max(1, round(gap * chance.uniform(1 - jitter, 1 + jitter)))
        if ages[-1] + step > YEAR:
            break
        ages.append(ages[-1] + step)
    return ages
