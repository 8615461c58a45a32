"""The key that signs warm-up mail: random, sealed, and opened only where a mail is signed or recognised."""

import secrets
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.tables import Installation
from storage.vault import Place, Vault

PLACE = Place(0, "installation", 1, "warm_up_key")
KeyFor = Callable[[Session], bytes]


def make_once(session: Session, vault: Vault) -> None:
    """The installation's key, made at its first start with warm-up; it never leaves this installation."""
    row = session.get_one(Installation, 1)
    if row.warm_up_key is None:
        row.warm_up_key = vault.seal(secrets.token_hex(32), PLACE)


def key_for(vault: Vault) -> KeyFor:
    """A function that opens the key; LookupError where there is none, so that nothing unsigned goes out."""

    def key(session: Session) -> bytes:
        sealed = session.scalar(select(Installation.warm_up_key))
        if sealed is None:
            raise LookupError("This installation has no warm-up key; start it again to make one.")
        return bytes.fromhex(vault.open(sealed, PLACE))

    return key
