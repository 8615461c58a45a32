"""How long the next attempt to sign in must wait, by what failed before: for one account, and for one address."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.tables import SignIn

_LOOK_BACK = timedelta(hours=24)
_FIRST = timedelta(seconds=30)
_LONGEST = timedelta(minutes=15)
_FREE_FOR_ACCOUNT = 5
_FREE_FOR_ADDRESS = 20
_ADDRESS_STEP = 5  # an office shares one address: it slows down later, and more gently


def account_delay(failures: int) -> timedelta:
    """The wait after so many failures in a row for one account."""
    return _growing(failures - _FREE_FOR_ACCOUNT)


def address_delay(failures: int) -> timedelta:
    """The wait after so many failures from one address within a day, whatever the accounts."""
    return _growing((failures - _FREE_FOR_ADDRESS) // _ADDRESS_STEP)


def _growing(beyond: int) -> timedelta:
    return timedelta(0) if beyond < 0 else min(_FIRST * 2 ** min(beyond, 10), _LONGEST)


def open_again_at(session: Session, email: str, address: str, now: datetime) -> datetime | None:
    """When this account may be tried again from this address; None for now."""
    since = now - _LOOK_BACK
    good = select(func.max(SignIn.at)).where(SignIn.email == email, SignIn.succeeded.is_(True), SignIn.at > since)
    account_since = max(session.scalar(good) or since, since)
    account = select(func.count(), func.max(SignIn.at)).where(
        SignIn.email == email, SignIn.succeeded.is_(False), SignIn.at > account_since, SignIn.at <= now
    )
    place = select(func.count(), func.max(SignIn.at)).where(
        SignIn.address == address, SignIn.succeeded.is_(False), SignIn.at > since, SignIn.at <= now
    )
    waits = [
        last + delay_of(count)
        for query, delay_of in ((account, account_delay), (place, address_delay))
        for count, last in [session.execute(query).one()]
        if last is not None
    ]
    until = max(waits, default=now)
    return until if until > now else None
