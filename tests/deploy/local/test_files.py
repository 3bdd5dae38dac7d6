"""Open files of a local run."""

import subprocess
import sys

from deploy.local.files import MOST

PROGRAM = """
import resource
from deploy.local.files import raise_limit
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
for limits in ((64, hard), (64, 128)):
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    raise_limit()
    print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_a_low_limit_is_raised_as_far_as_the_system_lets_us() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    (raised, hard), (bounded, _) = (map(int, line.split()) for line in done.stdout.splitlines())
    assert raised == (MOST if hard == -1 else min(hard, MOST))
    assert bounded == 128
