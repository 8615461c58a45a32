"""How secrets are sealed: AES-256-GCM, bound to the place they belong to, under keys with a version.

A sealed value is the key's version, a nonce and the ciphertext. The place (workspace, table, row, column) and the version
are authenticated with it, so a value that was copied to another row or column doesn't open.
"""

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = struct.Struct(">I")
_HEAD = _VERSION.size + _NONCE_BYTES


class VaultError(Exception):
    """A secret, or the key to it, can't be used; the message is a whole sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret belongs; `workspace_id` is 0 for a table that belongs to no workspace."""

    workspace_id: int
    table: str
    row_id: int
    column: str

    def bound_to(self, version: int) -> bytes:
        return f"{self.workspace_id}|{self.table}|{self.row_id}|{self.column}|{version}".encode()


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals with the newest key and opens with the one a value was sealed with; no key and no secret shows in a repr."""

    keys: Mapping[int, bytes] = field(repr=False)

    @property
    def version(self) -> int:
        return max(self.keys)

    def seal(self, plain: str, place: Place) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self.keys[self.version]).encrypt(nonce, plain.encode(), place.bound_to(self.version))
        return _VERSION.pack(self.version) + nonce + sealed

    def open(self, sealed: bytes, place: Place) -> str:
        """The secret; VaultError when it was tampered with, belongs to another place, or was sealed with another key."""
        version = version_of(sealed)
        key = self.keys.get(version)
        if key is None:
            raise VaultError(
                f"The {place.column} of {place.table} {place.row_id} was sealed with key version {version}, which the key"
                " file does not hold; put back the key file that belongs to this database."
            )
        try:
            return AESGCM(key).decrypt(sealed[_VERSION.size : _HEAD], sealed[_HEAD:], place.bound_to(version)).decode()
        except InvalidTag:
            raise VaultError(
                f"The {place.column} of {place.table} {place.row_id} can't be opened: the key does not fit or the value was"
                " changed; put back the key file that belongs to this database, or enter the secret again."
            ) from None


def version_of(sealed: bytes) -> int:
    """The version of the key a value was sealed with; 0 for what was never sealed."""
    return _VERSION.unpack_from(sealed)[0] if len(sealed) > _HEAD else 0


def new_key() -> bytes:
    return AESGCM.generate_key(KEY_BYTES * 8)
