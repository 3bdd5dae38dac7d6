"""The secrets of a local run, made once: passwords of roles, identity keys, keys for secrets at rest."""

import base64
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.errors import LocalRunError
from deploy.local.home import write_private
from services.kit.secrets import Vault


class Keys:
    """Files of one folder; a file that is there is never changed, so a person may rotate what it holds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def role_passwords(self, roles: Iterable[str]) -> dict[str, str]:
        """Return the database password of every role."""
        return {role: self._text(f"password-{role}", lambda: secrets.token_urlsafe(24)) for role in roles}

    def identity_private_key(self, process: str) -> str:
        """Return the key that a process signs identities with, as `kid:base64`."""
        return self._text(f"identity-{process}", new_identity_key)

    def identity_public_keys(self, processes: Iterable[str]) -> list[str]:
        """Return what every process trusts, as `issuer:kid:base64`."""
        return [f"{process}:{self._public(process)}" for process in processes]

    def secret_keys(self, process: str) -> list[str]:
        """Return the keys for a process's secrets at rest, one a line; the first one encrypts."""
        name = f"secret-keys-{process}"
        found = self._text(name, new_secret_key).split()
        try:
            Vault(found)
        except ValueError as error:
            message = f"{self._folder / name} is damaged: restore it from a backup; the database needs its keys."
            raise LocalRunError(message) from error
        return found

    def _public(self, process: str) -> str:
        try:
            return public_half(self.identity_private_key(process))
        except ValueError as error:
            path = self._folder / f"identity-{process}"
            message = f"{path} is damaged: remove it, and the next start makes another one."
            raise LocalRunError(message) from error

    def _text(self, name: str, make: Callable[[], str]) -> str:
        path = self._folder / name
        if not path.exists():
            write_private(path, make() + "\n")
        return path.read_text(encoding="utf-8").strip()


def new_identity_key() -> str:
    """Return a new key to sign identities with, as `kid:base64`."""
    raw = Ed25519PrivateKey.generate().private_bytes_raw()
    return f"{secrets.token_hex(4)}:{base64.b64encode(raw).decode()}"


def public_half(private_key: str) -> str:
    """Return what others verify the key's identities with, as `kid:base64`."""
    kid, _, encoded = private_key.partition(":")
    public = Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded)).public_key()
    return f"{kid}:{base64.b64encode(public.public_bytes_raw()).decode()}"


def new_secret_key() -> str:
    """Return a new key for secrets at rest, as `id:base64url`."""
    return f"{secrets.token_hex(4)}:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}"
