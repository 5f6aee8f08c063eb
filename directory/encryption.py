"""Encryption at rest: what people write about clients is only ever stored as bytes that this module made.

Fernet (AES-128-CBC and HMAC-SHA256; github.com/fernet/spec), by the newest key; older keys still open what they sealed
until ``renewed`` has gone over it. Keyed hashes are for what must be found again without being readable.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from directory.errors import UnsafeSettings


class Vault:
    """``keys``: as the setting ENCRYPTION_KEYS has them, the newest first. ``hash_key``: as SECRET_KEY."""

    def __init__(self, keys: Sequence[str], hash_key: str) -> None:
        self._all = MultiFernet([Fernet(key) for key in keys])
        self._newest = Fernet(keys[0])
        self._hash_key = hash_key.encode()

    def seal(self, value: object) -> bytes:
        """Any value that JSON can hold, sealed."""
        return self._newest.encrypt(orjson.dumps(value))

    def open(self, sealed: bytes) -> object:
        """What was sealed. Raises UnsafeSettings when none of the keys opens it."""
        try:
            return orjson.loads(self._all.decrypt(sealed))
        except InvalidToken:
            raise UnsafeSettings(
                "VEIVISER_ENCRYPTION_KEYS lacks the key that this was encrypted with"
            ) from None

    def renewed(self, sealed: bytes) -> bytes | None:
        """The same, sealed by the newest key; None where it is already. Raises UnsafeSettings."""
        try:
            self._newest.decrypt(sealed)
            return None
        except InvalidToken:
            return self.seal(self.open(sealed))

    def hash(self, purpose: str, value: str) -> str:
        """A keyed hash (HMAC-SHA256, hex), another for each purpose."""
        return hmac.new(self._hash_key, f"{purpose}\0{value}".encode(), sha256).hexdigest()
