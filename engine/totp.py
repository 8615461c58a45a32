"""The authenticator code of a user: set up by QR, asked at sign-in, each code good once, its secret sealed."""

import hmac
from dataclasses import dataclass
from datetime import datetime

import pyotp
import segno
from sqlalchemy import CursorResult, or_, update
from sqlalchemy.orm import Session

from storage.tables import User
from storage.vault import Place, Vault

_STEP_SECONDS = 30
_DRIFT = 1  # steps that a phone's clock may be early or late


@dataclass(frozen=True, slots=True)
class Setup:
    """What the user scans or types before the first code confirms it; `svg` is the QR code."""

    secret: str
    svg: str


def place(user_id: int) -> Place:
    return Place(0, "user", user_id, "totp_secret")


def propose(session: Session, vault: Vault, user: User) -> None:
    """Keep a new secret, sealed, until its first code confirms it."""
    user.totp_secret = vault.seal(pyotp.random_base32(), place(user.id))
    user.totp_confirmed_at, user.totp_last_step = None, None
    session.flush()


def pending(vault: Vault, user: User) -> Setup | None:
    """What to scan while the secret is not confirmed."""
    if user.totp_secret is None or user.totp_confirmed_at is not None:
        return None
    secret = vault.open(user.totp_secret, place(user.id))
    return Setup(secret, _qr(user.email, secret))


def accept(session: Session, vault: Vault, user: User, code: str, now: datetime) -> bool:
    """Whether the code is right and was not used before; it is spent by asking, also in two requests at once."""
    if user.totp_secret is None:
        return False
    step = _step_of(pyotp.TOTP(vault.open(user.totp_secret, place(user.id))), code, now)
    if step is None:
        return False
    spent = session.execute(
        update(User)
        .where(User.id == user.id, or_(User.totp_last_step.is_(None), User.totp_last_step < step))
        .values(totp_last_step=step)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(spent, CursorResult)
    return spent.rowcount == 1


def _step_of(totp: pyotp.TOTP, code: str, now: datetime) -> int | None:
    given = "".join(code.split())
    current = int(now.timestamp()) // _STEP_SECONDS
    for step in range(current - _DRIFT, current + _DRIFT + 1):
        if hmac.compare_digest(totp.at(step * _STEP_SECONDS).encode(), given.encode()):
            return step
    return None


def _qr(email: str, secret: str) -> str:
    uri = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Outpost")
    return segno.make(uri, error="m").svg_inline(scale=5, border=3, dark="#000000", light="#ffffff")
