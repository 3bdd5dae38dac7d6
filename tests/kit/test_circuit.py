"""The circuit breaker."""

from services.kit.circuit import FAILURES, OPEN_SECONDS, Circuit


class Ticker:
    """A clock in seconds."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def broken(ticker: Ticker) -> Circuit:
    circuit = Circuit(ticker)
    for _ in range(FAILURES):
        assert circuit.lets_through()
        circuit.note(failed=True)
    return circuit


def test_it_opens_after_failures_in_a_row() -> None:
    circuit = broken(Ticker())
    assert circuit.is_open
    assert not circuit.lets_through()
    assert circuit.seconds_left() == OPEN_SECONDS


def test_a_success_in_between_keeps_it_closed() -> None:
    circuit = Circuit(Ticker())
    for _ in range(3 * FAILURES):
        circuit.note(failed=True)
        circuit.note(failed=True)
        circuit.note(failed=False)
    assert circuit.lets_through()


def test_after_the_pause_one_call_tries() -> None:
    ticker = Ticker()
    circuit = broken(ticker)
    ticker.at += OPEN_SECONDS
    assert circuit.lets_through()
    assert not circuit.lets_through(), "only one"
    circuit.note(failed=False)
    assert circuit.lets_through()
    assert not circuit.is_open


def test_a_try_that_takes_long_holds_nobody_else_up() -> None:
    ticker = Ticker()
    circuit = broken(ticker)
    ticker.at += OPEN_SECONDS
    assert circuit.lets_through()
    ticker.at += OPEN_SECONDS
    assert circuit.lets_through()


def test_a_failed_try_opens_it_again() -> None:
    ticker = Ticker()
    circuit = broken(ticker)
    ticker.at += OPEN_SECONDS
    assert circuit.lets_through()
    circuit.note(failed=True)
    assert not circuit.lets_through()


def test_a_try_that_was_broken_off_leaves_room_for_another() -> None:
    ticker = Ticker()
    circuit = broken(ticker)
    ticker.at += OPEN_SECONDS
    assert circuit.lets_through()
    circuit.forget()
    assert circuit.lets_through()
