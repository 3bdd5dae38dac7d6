"""Who connects to the database as what: the roles of a schema, and the address that each of them uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit

from migrations import SCHEMAS


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles of one schema."""

    schema: str

    @property
    def owner(self) -> str:
        """Runs migrations and owns every table."""
        return f"{self.schema}_owner"

    @property
    def api(self) -> str:
        """Serves requests; row security shows it one workspace at a time."""
        return f"{self.schema}_api"

    @property
    def worker(self) -> str:
        """Does background work across workspaces."""
        return f"{self.schema}_worker"

    @property
    def finder(self) -> str:
        """Owns the search functions; reads, and cannot log in."""
        return f"{self.schema}_finder"

    @property
    def public(self) -> str:
        """Owns the function that resolves public handles; reads that one table, and cannot log in."""
        return f"{self.schema}_public"

    @property
    def logins(self) -> tuple[str, str, str]:
        """Roles that connect, each with a password."""
        return self.owner, self.api, self.worker

    @property
    def silent(self) -> tuple[str, str]:
        """Roles that only own functions."""
        return self.finder, self.public

    @property
    def jobs_schema(self) -> str:
        """The schema of the service's job queue."""
        return f"{self.schema}_jobs"


def login_roles() -> list[str]:
    """Return every role that needs a password."""
    return [role for schema in SCHEMAS for role in Roles(schema).logins]


def role_url(base: str, role: str, passwords: Mapping[str, str]) -> str:
    """Return the address `base` with another role and its password in it."""
    parts = urlsplit(base)
    host = parts.netloc.rpartition("@")[2]
    login = f"{quote(role, safe='')}:{quote(passwords[role], safe='')}"
    return urlunsplit(parts._replace(netloc=f"{login}@{host}"))
