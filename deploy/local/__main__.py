"""`python -m deploy.local` is the `kith` command."""

from deploy.local.cli import main

main()
