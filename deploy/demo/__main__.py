"""Runs the demo without the `kith` command: python -m deploy.demo."""

import sys

from deploy.demo.program import run
from deploy.local.errors import LocalRunError
from deploy.local.home import Home

if __name__ == "__main__":
    try:
        run(Home.from_environment())
    except LocalRunError as error:
        sys.exit(str(error))
