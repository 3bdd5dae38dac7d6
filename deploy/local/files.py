"""How many files and connections a local run may have open: as many as the system lets it."""

import contextlib
import resource

MOST = 8192
"""Enough for thousands of callers; some systems refuse more although they name no limit."""


def raise_limit() -> None:
    """Raise the soft limit, which is 256 in a terminal of macOS; where that is refused, it stays."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
