"""Keys that test processes sign and encrypt with."""

import base64
from functools import cache

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from migrations import SCHEMAS


@cache
def private_key(issuer: str) -> str:
    """Return the signing key of a process, as its settings hold it."""
    return f"1:{base64.b64encode(_key(issuer).private_bytes_raw()).decode()}"


@cache
def public_keys() -> tuple[str, ...]:
    """Return the keys that every process trusts."""
    return tuple(
        f"{issuer}:1:{base64.b64encode(_key(issuer).public_key().public_bytes_raw()).decode()}" for issuer in SCHEMAS
    )


@cache
def secret_keys() -> tuple[str, ...]:
    """Return the keys for secrets at rest."""
    return (f"1:{Fernet.generate_key().decode()}",)


@cache
def _key(issuer: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()
