"""`kith demo`: load the shop, let it be scored, and show where to look."""

import asyncio
import os
import shlex
import sys
import time
from dataclasses import dataclass

from deploy.demo import tour
from deploy.demo.api import Api
from deploy.demo.load import Loaded, load
from deploy.local.errors import LocalRunError
from deploy.local.home import Home

DEFAULT_PORT = "8080"
RECOMPUTE = "scores.recompute"


@dataclass(frozen=True, slots=True)
class Target:
    """Which Kith to fill, with which key, and how a person at the terminal would name the key."""

    url: str
    key: str
    key_in_shell: str


def run(home: Home, url: str | None = None, key: str | None = None) -> None:
    """Run the demo; raises LocalRunError with a sentence that says what to do."""
    asyncio.run(fill(find_target(home, url, key)))


async def fill(target: Target) -> None:
    """Load what is missing, score it, and print what to look at next."""
    began = time.monotonic()
    async with Api(target.url, target.key) as api:
        loaded = await load(api, say)
        if loaded.changes or not await was_scored(api):
            await score(api, loaded)
            say(f"Done in {time.monotonic() - began:.0f} s.")
        else:
            say("Everything was there already: nothing has changed.")
        for line in await tour.lines(api, target.key_in_shell):
            say(line)


async def was_scored(api: Api) -> bool:
    """Tell whether everybody has been scored at once before; an earlier run may have been broken off."""
    jobs = await api.get("/v1/jobs", kind=RECOMPUTE, status="succeeded", limit=1)
    return bool(jobs["items"])


async def score(api: Api, loaded: Loaded) -> None:
    """Wait until every fresh order has reached scoring, then score everybody against fresh cut-offs."""
    waiting = set(loaded.fresh_customers)

    async def are_scored() -> bool:
        for customer in sorted(waiting):
            found = await api.find(f"/v1/customers/{customer}/scores")
            if found is None or found["scores"]["customer_class"]["value"] is None:
                return False
            waiting.discard(customer)
        return True

    await api.until(are_scored, "the fresh orders have been scored")
    job = await api.finished(await api.post("/v1/scores/recompute", {}))
    say(f"  {job['done']:>6,} customers scored anew, against fresh cut-offs")


def find_target(home: Home, url: str | None, key: str | None) -> Target:
    """Find the running Kith and its key: as given, else those of the home."""
    state = home.state() or {}
    address = url or state.get("url") or f"http://127.0.0.1:{os.environ.get('KITH_PORT') or DEFAULT_PORT}"
    if key:
        return Target(address, key, key)
    path = home.admin_key
    try:
        found = path.read_text().strip()
    except OSError as error:
        message = f"There is no key in {path} ({error.strerror}). Start Kith with `make run` first, or give --key."
        raise LocalRunError(message) from error
    return Target(address, found, f"$(cat {shlex.quote(os.path.relpath(path))})")


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
