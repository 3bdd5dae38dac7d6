"""Secrets at rest: encryption under keys that rotate, and keyed hashes under one that stays."""

import base64
import hmac
import re
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken

KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
MARK = b":"
"""Stands between the id of the key and what it sealed."""


class SecretUnreadable(Exception):
    """None of the configured keys opens this secret; a key was dropped before everything was re-encrypted."""


class Vault:
    """Encrypts with the first of its keys and decrypts with all, so that keys rotate with overlap (ADR 0011)."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take keys as `id:base64url of 32 bytes`; ValueError for an empty list, a bad key, or an id used twice."""
        self._keys = dict(map(read_key, keys))
        if not keys or len(self._keys) < len(keys):
            message = "KITH_SECRET_KEYS needs at least one key, and no id twice"
            raise ValueError(message)
        self._hash_key: bytes | None = None
        self.oldest_key = base64.urlsafe_b64decode(keys[-1].partition(":")[2])
        """What values were hashed with before there was a key for that."""

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of all keys, the one that encrypts first."""
        return tuple(self._keys)

    def encrypt(self, plain: bytes | str) -> bytes:
        """Return the secret encrypted with the first key, authenticated, the key's id in front."""
        key_id = self.key_ids[0]
        return key_id.encode() + MARK + self._keys[key_id].encrypt(plain.encode() if isinstance(plain, str) else plain)

    def decrypt(self, sealed: bytes) -> bytes:
        """Return the secret; SecretUnreadable where no key fits."""
        key_id, mark, token = sealed.partition(MARK)
        if not mark:  # sealed before ids were written down
            return self._decrypt_with(list(self._keys.values()), sealed)
        key = self._keys.get(key_id.decode("latin-1"))
        return self._decrypt_with([key] if key else [], token)

    def rotate(self, sealed: bytes) -> bytes:
        """Return the secret encrypted anew with the first key."""
        return self.encrypt(self.decrypt(sealed))

    def hash_with(self, key: bytes) -> None:
        """Take the key that this schema hashes with; it is read from the database once that is open."""
        self._hash_key = key

    def keyed_hash(self, purpose: str, value: str) -> bytes:
        """Return HMAC-SHA256 over the purpose and the value; hashes of different purposes never match.

        The key stays while others rotate: what was hashed is not known any more and could not be hashed anew.
        """
        if self._hash_key is None:
            message = "the key to hash with was not read yet"
            raise RuntimeError(message)
        return hmac.digest(self._hash_key, f"{purpose}\0{value}".encode(), "sha256")

    def _decrypt_with(self, keys: Sequence[Fernet], token: bytes) -> bytes:
        for key in keys:
            try:
                return key.decrypt(token)
            except InvalidToken:
                continue
        raise SecretUnreadable


def read_key(text: str) -> tuple[str, Fernet]:
    """Return the id and the key of `id:base64url`; ValueError if it is none."""
    key_id, _, encoded = text.partition(":")
    if not KEY_ID.fullmatch(key_id):
        message = "a secret key begins with an id of letters, digits, - and _, up to 32, and a colon"
        raise ValueError(message)
    return key_id, Fernet(encoded)
