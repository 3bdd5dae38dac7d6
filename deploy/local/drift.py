"""`python -m deploy.local.drift`: do the migrations make exactly the tables that the models describe?"""

import secrets
import sys
import tempfile
from pathlib import Path

from deploy.local.database import DATABASE, make_ready
from deploy.local.postgres import Cluster
from migrations import SCHEMAS, runner
from migrations.addresses import Roles, login_roles, role_url


def main() -> int:
    """Build every schema in a cluster that lives for a moment, and compare."""
    passwords = {role: secrets.token_urlsafe(12) for role in login_roles()}
    with tempfile.TemporaryDirectory(prefix="kith-drift-") as folder:
        Path(folder).chmod(0o755)  # as root, the server's own user passes through it
        cluster = Cluster(Path(folder) / "postgres", throwaway=True)
        info = cluster.start()
        try:
            address = info.dsn(info.user, info.password, DATABASE)
            make_ready(address, passwords, admin_dsn=info.admin_dsn)
            faults = [
                f"{schema}: {fault}"
                for schema in SCHEMAS
                for fault in runner.faults(schema, role_url(address, Roles(schema).owner, passwords))
            ]
        finally:
            cluster.stop()
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
