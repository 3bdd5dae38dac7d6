"""Keys that test processes sign and encrypt with."""

import base64
import hashlib
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from migrations import SCHEMAS
from services.kit.secrets import Vault


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


def secret_keys() -> tuple[str, ...]:
    """Return the keys for secrets at rest; processes that a test starts have the same."""
    return (f"1:{base64.urlsafe_b64encode(hashlib.sha256(b'sealed in tests').digest()).decode()}",)


def hash_key() -> bytes:
    """Return what every schema of the tests hashes with."""
    return hashlib.sha256(b"hashed in tests").digest()


def vault() -> Vault:
    """Return a vault as every process of the tests has it."""
    made = Vault(secret_keys())
    made.hash_with(hash_key())
    return made


@cache
def _key(issuer: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()
