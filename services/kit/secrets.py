"""Secrets at rest: encryption and keyed hashes with rotatable keys."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SecretUnreadable(Exception):
    """None of the configured keys opens this secret; a key was dropped before everything was re-encrypted."""


class Vault:
    """Encrypts and decrypts with a list of keys: the first encrypts, all decrypt, so keys rotate with overlap."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take keys as `id:base64url of 32 bytes`; ValueError for an empty list or a bad key."""
        if not keys:
            message = "KITH_SECRET_KEYS needs at least one key"
            raise ValueError(message)
        self._raw = [key.partition(":")[2] for key in keys]
        self._fernet = MultiFernet([Fernet(key) for key in self._raw])

    def encrypt(self, plain: bytes | str) -> bytes:
        """Return the secret encrypted with the first key, authenticated."""
        return self._fernet.encrypt(plain.encode() if isinstance(plain, str) else plain)

    def decrypt(self, sealed: bytes) -> bytes:
        """Return the secret; SecretUnreadable where no key fits."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as error:
            raise SecretUnreadable from error

    def rotate(self, sealed: bytes) -> bytes:
        """Return the secret encrypted anew with the first key."""
        return self._fernet.rotate(sealed)

    def keyed_hashes(self, purpose: str, value: str) -> list[bytes]:
        """Return the HMAC-SHA256 of a value for one purpose under every key, the first key's first.

        Store the first one; compare with all of them while keys rotate.
        """
        return [keyed_hash(base64.urlsafe_b64decode(key), purpose, value) for key in self._raw]


def keyed_hash(key: bytes, purpose: str, value: str) -> bytes:
    """Return HMAC-SHA256 over the purpose and the value; hashes of different purposes never match."""
    return hmac.new(key, f"{purpose}\0{value}".encode(), hashlib.sha256).digest()
