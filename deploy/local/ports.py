"""Ports on the loopback address, reserved before anything else starts, so that a taken one is known at once."""

import errno
import os
import socket
import time
from contextlib import suppress
from random import SystemRandom

from deploy.local.errors import LocalRunError

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8080
OUTSIDE_THE_SYSTEM_S_OWN = range(10_000, 30_000)
"""Linux takes ports from 32768 on for connections that go out, and where any port is asked for."""


def gateway_port() -> int:
    """Return the port that KITH_PORT asks for."""
    text = os.environ.get("KITH_PORT") or str(DEFAULT_PORT)
    if not (text.isascii() and text.isdecimal()) or int(text) > 65535:  # noqa: PLR2004 - the largest port number
        message = f"KITH_PORT must be a number from 0 to 65535; it is {text!r}."
        raise LocalRunError(message)
    return int(text)


def reserve(port: int, patience: float = 0.0) -> socket.socket:
    """Bind a port, 0 for any free one; a taken one is tried again for `patience` seconds.

    Nobody is let in before the process that serves it listens.
    """
    deadline = time.monotonic() + patience
    while True:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            listener.close()
            taken = error.errno == errno.EADDRINUSE
            if taken and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            reason = "is taken by another program" if taken else f"cannot be used: {error.strerror}"
            message = f"Port {port} {reason}. Set KITH_PORT to another one."
            raise LocalRunError(message) from error
        return listener


def port_of(listener: socket.socket) -> int:
    """Return the port that a socket is bound to."""
    number: int = listener.getsockname()[1]
    return number


def free_port() -> int:
    """Return a port that nobody has, and that the system gives to nobody by itself: one can leave it and come back."""
    for port in SystemRandom().sample(OUTSIDE_THE_SYSTEM_S_OWN, 100):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe, suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
    message = "No port is free."
    raise LocalRunError(message)
