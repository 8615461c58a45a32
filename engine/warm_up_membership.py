"""What is decided for one address of the warm-up pool: taking part, what may be done in its mailbox, its language."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import warm_up_planning
from engine.desk import Desk, Problem, use_case
from engine.warm_up_pool import LANGUAGES
from storage.kinds import Permission, Reason
from storage.tables import Mailbox, WarmUp, WarmUpMember


@dataclass(frozen=True, slots=True)
class Membership:
    """As it holds now."""

    takes_part: bool
    may_rescue: bool
    language: str


@use_case(needs=Permission.READ, reads=True)
def membership(desk: Desk, mailbox_id: int) -> Membership:
    member = desk.session.get(WarmUpMember, mailbox_id)
    return Membership(True, False, "en") if member is None else _plain(member)


@use_case(needs=Permission.MANAGE)
def set_taking_part(desk: Desk, mailbox_id: int, takes_part: bool) -> Membership:
    """Switch an address into the pool or out of it.

    Outside nothing is sent to it or from it, and nothing in its mailbox is read, marked or moved any more.
    """
    if not takes_part and _is_warming_up(desk.session, mailbox_id):
        raise Problem("This address is warming up; stop its warm-up first, then switch it out of the pool.")
    member = _of(desk.session, mailbox_id)
    if not takes_part:
        warm_up_planning.cancel_open(desk.session, mailbox_id, desk.actor.label, desk.now, Reason.WARM_UP_LEFT)
    return _change(desk, member, takes_part=takes_part)


@use_case(needs=Permission.MANAGE)
def set_handling(desk: Desk, mailbox_id: int, may_rescue: bool, language: str) -> Membership:
    """Set whether the address's mails may be moved out of Junk, as its owner allowed, and the language of its mails."""
    if language not in LANGUAGES:
        raise Problem(f"There are no warm-up texts in {language!r}; choose one of {', '.join(LANGUAGES.values())}.")
    return _change(desk, _of(desk.session, mailbox_id), may_rescue=may_rescue, language=language)


def _of(session: Session, mailbox_id: int) -> WarmUpMember:
    member = session.get(WarmUpMember, mailbox_id)
    if member is None:
        member = WarmUpMember(mailbox_id=mailbox_id, takes_part=True, may_rescue=False, language="en")
        session.add(member)
    return member


def _change(desk: Desk, member: WarmUpMember, **values: Any) -> Membership:
    old = {name: getattr(member, name) for name in values}
    for name, value in values.items():
        setattr(member, name, value)
    if old != values:
        owner = desk.session.get_one(Mailbox, member.mailbox_id).identity_id
        desk.audit("warm_up.membership_changed", f"mailbox:{member.mailbox_id}", old=old, new=values, identity_id=owner)
    return _plain(member)


def _is_warming_up(session: Session, mailbox_id: int) -> bool:
    running = select(WarmUp.id).where(WarmUp.mailbox_id == mailbox_id, WarmUp.stopped_at.is_(None))
    return session.scalar(running) is not None


def _plain(member: WarmUpMember) -> Membership:
    return Membership(member.takes_part, member.may_rescue, member.language)
