"""When a provider ends a sign-in by itself: a week after it at a Google app in “Testing”, and after months without use."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.desk import Desk, use_case
from engine.grants import IDLE_LIFE, MICROSOFT_IDLE_LIFE, TESTING_LIFE
from engine.provider_apps import NAMES
from storage.kinds import Permission, Provider
from storage.tables import Mailbox, MailGrant, ProviderApp

_LONG_UNUSED = timedelta(days=30)  # before the end: a sign-in that works is used every hour
_SOON = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class KnownEnd:
    """The end of one address's sign-in. `last_used_at` is None where use does not put it off."""

    at: datetime
    provider: Provider
    last_used_at: datetime | None

    @property
    def words(self) -> str:
        """What ends it, to be followed by when."""
        name = NAMES[self.provider]
        if self.last_used_at is None:
            return f"{name} ends this sign-in (the app is in “Testing”): "
        return f"{name} ends this sign-in if nothing uses it: "

    def is_near(self, now: datetime) -> bool:
        return now > self.at - (_SOON if self.last_used_at is None else _LONG_UNUSED)

    def to_do(self, now: datetime) -> str:
        """A sentence once the end is near; empty before."""
        if not self.is_near(now):
            return ""
        name, day = NAMES[self.provider], f"{self.at.day} {self.at:%B}"
        if self.last_used_at is None:
            return f"{name} ends its sign-in on {day}, since the app is in “Testing”: publish the app, then sign in again."
        unused = f"Its sign-in was last used on {self.last_used_at.day} {self.last_used_at:%B}"
        return f"{unused}, and {name} ends it on {day}: see that the worker runs, or sign in again."


@use_case(needs=Permission.READ, reads=True)
def of_mailbox(desk: Desk, mailbox_id: int) -> KnownEnd | None:
    """None for an address with a password, or whose sign-in is over."""
    return of_mailboxes(desk.session, [mailbox_id]).get(mailbox_id)


def of_mailboxes(session: Session, mailbox_ids: Collection[int]) -> dict[int, KnownEnd]:
    rows = session.execute(
        select(Mailbox.id, MailGrant, ProviderApp.in_testing)
        .join(MailGrant, MailGrant.id == Mailbox.grant_id)
        .join(ProviderApp, ProviderApp.id == MailGrant.provider_app_id)
        .where(Mailbox.id.in_(mailbox_ids), MailGrant.ended_at.is_(None), MailGrant.dies_at.is_not(None))
    )
    return {mailbox_id: _end(grant, in_testing) for mailbox_id, grant, in_testing in rows}


def _end(grant: MailGrant, in_testing: bool) -> KnownEnd:
    if in_testing:
        return KnownEnd(grant.granted_at + TESTING_LIFE, grant.provider, None)
    assert grant.dies_at is not None
    life = IDLE_LIFE if grant.provider is Provider.GOOGLE else MICROSOFT_IDLE_LIFE
    # A grant whose app was in “Testing” when it was last used does not say when that was; its signing-in does.
    used = max(grant.dies_at - life, grant.granted_at)
    return KnownEnd(used + life, grant.provider, used)
