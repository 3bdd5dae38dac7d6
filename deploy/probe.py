"""`python -m deploy.probe`: asks the process of this container whether it is ready; exit code 0 if it is, else 1."""

import os
import sys

from deploy.local.readiness import is_ready


def main() -> int:
    """Ask on the port that the process was told to listen on."""
    ready, answer = is_ready(int(os.environ["KITH_PORT"]))
    sys.stdout.write(f"{answer}\n")
    return 0 if ready else 1


if __name__ == "__main__":
    sys.exit(main())
