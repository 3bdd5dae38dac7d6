"""`python -m deploy.serve NAME`: serves one process's application with uvicorn until it is told to stop."""

import argparse
import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Sequence
from types import FrameType

import anyio._backends._asyncio  # noqa: F401 - loaded by name at the first call of a peer: before a fork, all share it
import stamina.instrumentation
import uvicorn
import uvicorn.lifespan.on  # likewise, at the start
import uvloop
from fastapi import FastAPI

from deploy.allocator import give_back, give_back_early
from deploy.environment import SettingsUnusable, read_settings
from deploy.processes import NAMES, process_named
from deploy.protocol import Protocol
from migrations.revisions import newest
from services.kit.logs import configure_logs
from services.kit.web.app import Kit

# Longer than our clients keep idle connections: the server must never be the one to close a connection first.
KEEP_ALIVE_SECONDS = 75
GARBAGE_OBJECTS = 20_000
"""So many new objects until the next look for cycles among them; by default 700, which a batch of events has in no
time, and none of them is garbage yet."""
TICKS_TO_GIVING_BACK = 20
"""Tenths of a second from one giving back of memory to the next."""
UNUSABLE = 2
"""Exit code where settings or address cannot be used: starting again will not help."""


class Server(uvicorn.Server):
    """Tells the process at the first signal, not only when the last request is over: a long poll would hold it up."""

    def __init__(self, config: uvicorn.Config, kit: Kit) -> None:
        super().__init__(config)
        self._kit = kit

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        self._kit.drain()
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Look after the process, ten times a second; tell whether it is to stop."""
        if counter % TICKS_TO_GIVING_BACK == 0:
            give_back()
        return await super().on_tick(counter)


def serve(app: FastAPI, listener: socket.socket) -> int:
    """Serve an application of Kith on a bound socket; return the exit code, 0 after SIGTERM or SIGINT."""
    # uvicorn repeats the signal that stopped it, which by default would end us with the signal's code instead of 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    # A retry that helps is no news, and one that does not is reported by the caller who gives up.
    stamina.instrumentation.set_on_retry_hooks(())
    kit: Kit = app.state.kit
    settings = kit.settings
    configure_logs(settings.service, level=settings.log_level, style=settings.log_format)
    kit.require_revision(newest(settings.service))
    if settings.run_worker:  # only batches are large; what takes calls by the thousand must not ask for memory anew
        give_back_early()
    gc.freeze()  # what is made by now stays as long as the process: no look for garbage needs to go through it
    gc.set_threshold(GARBAGE_OBJECTS)
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    server = Server(config, kit)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, contextlib.suppress(SystemExit):
        runner.run(server.serve(sockets=[listener]))  # a start that fails has said why, and would leave by itself
    return 0 if server.started else 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the process that the command line names, with the settings of the environment."""
    parser = argparse.ArgumentParser(prog="python -m deploy.serve", description="Serve one process of Kith.")
    parser.add_argument("process", choices=NAMES)
    process = process_named(parser.parse_args(arguments).process)
    try:
        settings = read_settings(process.settings_class(), service=process.name)
        listener = bound(settings.host, settings.port)
    except (SettingsUnusable, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    return serve(process.factory()(settings), listener)


def bound(host: str, port: int) -> socket.socket:
    """Return a socket with an address, on which nobody listens yet: callers are refused until the process is ready."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        message = f"{host} port {port}: {error.strerror}"
        raise OSError(message) from error
    return listener


if __name__ == "__main__":
    sys.exit(main())
