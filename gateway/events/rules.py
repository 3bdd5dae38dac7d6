"""Positions in the journal as callers see them: sealed, since plain numbers would count what a caller may not read."""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

ROOM_DAYS = 3
"""Days ahead that the journal has room for."""
EPOCH_BYTES, NUMBER_BYTES, SECOND_BYTES = 4, 8, 5


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the journal of one workspace: behind the event with this number."""

    number: int = 0
    second: int = 0
    """When that event was journaled, in seconds since 1970: tells which partitions lie behind it."""


START = Position()


class PositionSeal:
    """Turns places into texts and back. The same place always gives the same text."""

    def __init__(self, key: bytes, epoch: str, workspace: str) -> None:
        """Take a key of 32 bytes, the epoch of the journal and the workspace that it is for."""
        self._cipher = AESSIV(key)
        self._epoch = hashlib.sha256(epoch.encode()).digest()[:EPOCH_BYTES]
        self._workspace = [b"kith.journal", workspace.encode()]

    def seal(self, place: Position) -> str:
        """Return a place as text."""
        plain = self._epoch + place.number.to_bytes(NUMBER_BYTES) + place.second.to_bytes(SECOND_BYTES)
        return base64.urlsafe_b64encode(self._cipher.encrypt(plain, self._workspace)).decode().rstrip("=")

    def open(self, text: str) -> Position | None:
        """Return the place in a text, None where it is of an epoch gone by; ValueError for any other text."""
        try:
            sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            plain = self._cipher.decrypt(sealed, self._workspace)
        except (InvalidTag, ValueError) as error:
            message = "it is no position of this journal"
            raise ValueError(message) from error
        if plain[:EPOCH_BYTES] != self._epoch:
            return None
        number = plain[EPOCH_BYTES : EPOCH_BYTES + NUMBER_BYTES]
        return Position(int.from_bytes(number), int.from_bytes(plain[EPOCH_BYTES + NUMBER_BYTES :]))
