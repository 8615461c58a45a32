"""Where the keys lie: a 0600 file outside the database, one `version base64` line a key, or the environment."""

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path

from storage.vault import KEY_BYTES, Vault, VaultError, new_key


def read(path: Path) -> Vault:
    """The vault of a key file; VaultError when others can read the file, or when it is missing or damaged."""
    try:
        mode = path.stat().st_mode
        if mode & 0o077:
            raise VaultError(f"Other users of this computer can read the key file; run: chmod 600 {path}")
        return parse(path.read_text(encoding="ascii"), f"The key file {path}")
    except FileNotFoundError:
        raise VaultError(
            f"The key file {path} is missing and the database needs it to open its secrets; put it back from where you keep"
            " it, or name its place in OUTPOST_KEY_FILE."
        ) from None
    except PermissionError:
        raise VaultError(f"The key file {path} can't be read; start Outpost as the user who owns that file.") from None
    except UnicodeDecodeError:
        raise VaultError(f"The key file {path} is damaged; put it back from where you keep it.") from None


def parse(text: str, where: str) -> Vault:
    """Keys written as `version base64`, one a line (or separated by commas); `where` begins the sentence of a VaultError."""
    keys: dict[int, bytes] = {}
    for line in text.replace(",", "\n").splitlines():
        if line.strip():
            version, key = _key(line, where)
            keys[version] = key
    if not keys:
        raise VaultError(f"{where} holds no key; put it back from where you keep it.")
    return Vault(keys)


def _key(line: str, where: str) -> tuple[int, bytes]:
    first, _, second = line.strip().rpartition(" ")
    try:
        version, key = int(first or "1"), base64.b64decode(second, validate=True)
    except (ValueError, binascii.Error):
        version, key = 0, b""
    if version < 1 or len(key) != KEY_BYTES:
        raise VaultError(f"{where} is damaged: each line must be a version and {KEY_BYTES} bytes in base64; put it back.")
    return version, key


def create(path: Path) -> Vault:
    """Make the first key."""
    return write(path, {1: new_key()})


def write(path: Path, keys: Mapping[int, bytes]) -> Vault:
    """Replace the key file at once and for good: after a power cut it is the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f"{path.name}.new")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.writelines(f"{version} {base64.b64encode(key).decode()}\n" for version, key in sorted(keys.items()))
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
    _settle(path.parent)
    return Vault(dict(keys))


def _settle(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
