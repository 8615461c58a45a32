"""`python -m engine.rotate_key`: a new key, every secret sealed again under it, the old key retired.

It can be ended at any instant and run again: while both keys lie in the file everything opens, and the old one goes only
after nothing needs it. Panel and worker must be stopped: a running process would go on sealing with the old key.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from engine.config import Config, load
from engine.desk import Problem
from engine.installation import at_rest, open_outpost
from storage import key_file
from storage.rotation import reseal
from storage.vault import VaultError, new_key


def rotate(config: Config, environment: Mapping[str, str] = os.environ) -> int:
    """Rotate the key file's key and return how many secrets were sealed again; Problem when it can't be done."""
    if environment.get("OUTPOST_KEY"):
        raise Problem("The key comes from OUTPOST_KEY, which only you can change; move it into a key file to rotate it.")
    with at_rest(config.data):
        return _rotate(config, environment)


def _rotate(config: Config, environment: Mapping[str, str]) -> int:
    outpost = open_outpost(config, environment)
    try:
        vault = outpost.vault
        if len(vault.keys) == 1:
            vault = key_file.write(config.key_file, {**vault.keys, vault.version + 1: new_key()})
        count = reseal(outpost.database, vault)
        _retire(config.key_file)
        return count
    except VaultError as trouble:
        raise Problem(f"{trouble} The old key was kept; nothing is lost.") from trouble
    finally:
        outpost.database.close()


def _retire(path: Path) -> None:
    vault = key_file.read(path)
    key_file.write(path, {vault.version: vault.keys[vault.version]})


def main() -> int:
    try:
        count = rotate(load())
    except Problem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"{count} secrets were sealed again under a new key; keep a copy of the new key file.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
