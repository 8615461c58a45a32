"""The e-mail addresses of an identity: listed, paused, disconnected and set up; `account_for` makes one usable."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from engine import agenda, disconnecting, giving_back, limits, mailbox_alerts, standing, warm_up
from engine.channels.effects import Server
from engine.desk import Desk, Problem, use_case
from engine.mail_accounts import account_for
from engine.mailbox_connecting import ImapForm, Permit, check, connect_imap, may_connect, propose
from engine.mailbox_probes import probe_due
from engine.rules.facts import ClockUse
from storage.kinds import ActionKind, CampaignState, LeadState, MailboxState, Permission, Provider, QuotaClock
from storage.tables import Campaign, Lane, Lead, Mailbox

__all__ = [
    "ImapForm",
    "Permit",
    "account_for",
    "check",
    "connect_imap",
    "may_connect",
    "probe_due",
    "propose",
]

LEAST_GAP = 60
_NAMED = 50
USUAL_GAP = 600


@dataclass(frozen=True, slots=True)
class Address:
    """One card of Email › Manage."""

    id: int
    address: str
    provider: Provider
    display_name: str
    state: MailboxState
    state_since: datetime
    state_note: str
    last_good_at: datetime | None
    next_probe_at: datetime | None
    paused_at: datetime | None
    username: str
    imap: Server
    smtp: Server
    sent_folder: str
    files_sent_itself: bool
    signature: str
    gap_seconds: int
    today: ClockUse | None  # spent and limit of today; None before it was ever connected
    limit_until: datetime | None  # when today's limit falls back by itself
    waiting_leads: int  # failed with the address, and back when it is connected again
    coming_back: int  # the same of an address that is connected again: their coming back is under way


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What disconnecting would end: leads that are mid-sequence on the address, in these campaigns."""

    leads: int
    campaigns: tuple[str, ...]
    names: tuple[str, ...] = ()  # of the first of them

    @property
    def sentence(self) -> str:
        if not self.leads:
            return "No lead is mid-sequence on this address."
        people = "1 lead that is" if self.leads == 1 else f"{self.leads:,} leads that are"
        where = ", ".join(self.campaigns)
        return (
            f"{people} mid-sequence on this address will fail ({where}). No other address takes them over;"
            " connecting the same address again, also after it was removed, brings back exactly them."
            " To hold them for a while, pause the address instead."
        )


@use_case(needs=Permission.READ, reads=True)
def list_of(desk: Desk, identity_id: int) -> tuple[Address, ...]:
    """The identity's addresses in the order in which they were connected, without the removed ones."""
    rows = desk.session.execute(
        select(Mailbox, Lane.id)
        .outerjoin(Lane, Lane.mailbox_id == Mailbox.id)
        .where(Mailbox.identity_id == identity_id, Mailbox.removed_at.is_(None))
        .order_by(Mailbox.id)
    ).all()
    lanes = [lane_id for _, lane_id in rows if lane_id is not None]
    uses = standing.uses_today(desk.session, lanes, desk.now)
    ends = {lane_id: _end_of_limit(inforce) for lane_id, inforce in limits.limits_of(desk.session, lanes, desk.now).items()}
    return tuple(
        _address(desk, mailbox, uses.get(lane_id, {}).get(ActionKind.EMAIL), ends.get(lane_id)) for mailbox, lane_id in rows
    )


@use_case(needs=Permission.MANAGE, reads=True)
def rehearse_disconnect(desk: Desk, mailbox_id: int) -> Rehearsal:
    rows = desk.session.execute(
        select(Campaign.name, func.count())
        .join(Lead, Lead.campaign_id == Campaign.id)
        .where(
            Lead.mailbox_id == mailbox_id,
            Lead.state == LeadState.ACTIVE,
            Campaign.state.in_((CampaignState.RUNNING, CampaignState.PAUSED)),
        )
        .group_by(Campaign.id)
        .order_by(Campaign.id)
    ).all()
    ids = disconnecting.leads_mid_sequence(desk.session, mailbox_id)[:_NAMED]
    people = desk.session.scalars(select(Lead).where(Lead.id.in_(ids)).order_by(Lead.id))
    names = tuple(lead.name for lead in people)
    return Rehearsal(sum(number for _, number in rows), tuple(name for name, _ in rows), names)


@use_case(needs=Permission.MANAGE)
def pause(desk: Desk, mailbox_id: int) -> bool:
    """Hold everything of the address; its leads stay on it. Answers whether anything changed."""
    mailbox = _connected(desk, mailbox_id)
    if mailbox.paused_at is not None:
        return False
    mailbox.paused_at = desk.now
    _changed(desk, mailbox, "mailbox.paused")
    return True


@use_case(needs=Permission.MANAGE)
def resume(desk: Desk, mailbox_id: int) -> bool:
    """End the pause; answers whether anything changed."""
    mailbox = desk.session.get_one(Mailbox, mailbox_id)
    if mailbox.paused_at is None:
        return False
    mailbox.paused_at = None
    _changed(desk, mailbox, "mailbox.resumed")
    return True


@use_case(needs=Permission.MANAGE)
def disconnect(desk: Desk, mailbox_id: int, remove: bool = False) -> Rehearsal:
    """End the connection, forget the password and fail the leads on it; the row stays. `remove` takes it off the list.

    What is being sent at this moment ends; nothing new begins (G5).
    """
    mailbox = desk.session.get_one(Mailbox, mailbox_id)
    told = rehearse_disconnect(desk, mailbox_id)
    old = {"state": mailbox.state.value}
    if mailbox.state is not MailboxState.DISCONNECTED:
        mailbox.state, mailbox.state_since = MailboxState.DISCONNECTED, desk.now
    mailbox.state_note = f"Disconnected by {desk.actor.label}."
    mailbox.password, mailbox.next_probe_at, mailbox.paused_at = None, None, None
    giving_back.let_go(desk.session, mailbox, desk.now)
    if remove:
        warm_up.end_with_address(desk, mailbox_id)
        mailbox.removed_at = desk.now
    mailbox_alerts.tell(desk.session, mailbox, desk.now)
    failed = disconnecting.fail_leads(desk.session, mailbox_id, desk.actor.label, desk.now)
    _changed(desk, mailbox, "mailbox.removed" if remove else "mailbox.disconnected", old, {"leads_failed": failed})
    return told


@use_case(needs=Permission.MANAGE)
def set_signature(desk: Desk, mailbox_id: int, signature: str) -> bool:
    """Plain text under every mail of the address; answers whether it changed."""
    tidy = "\n".join(line.rstrip() for line in signature.replace("\r\n", "\n").split("\n")).strip("\n")
    if len(tidy) > 2_000:
        raise Problem("The signature is longer than 2,000 characters; shorten it.")
    return _set(desk, mailbox_id, "signature", tidy)


@use_case(needs=Permission.MANAGE)
def set_display_name(desk: Desk, mailbox_id: int, display_name: str) -> bool:
    """The name recipients see; empty means the identity's own. Answers whether it changed."""
    tidy = " ".join(display_name.split())
    if len(tidy) > 200 or not all(character.isprintable() for character in tidy):
        raise Problem("The name is too long or holds characters that can't be printed; use at most 200 letters.")
    return _set(desk, mailbox_id, "display_name", tidy)


@use_case(needs=Permission.MANAGE)
def set_gap(desk: Desk, mailbox_id: int, seconds: int) -> bool:
    """The least time between two mails of the address, in seconds; answers whether it changed."""
    if not LEAST_GAP <= seconds <= 86_400:
        raise Problem("The gap between two mails must be between 1 minute and 24 hours.")
    return _set(desk, mailbox_id, "gap_seconds", seconds)


@use_case(needs=Permission.MANAGE)
def check_soon(desk: Desk, mailbox_id: int) -> datetime:
    """Let the worker probe this address at its next tick, also one that waits for a person."""
    mailbox = _connected(desk, mailbox_id)
    if not mailbox.has_sign_in:
        raise Problem(f"{mailbox.address} has no password or sign-in any more; reconnect it.")
    mailbox.next_probe_at = desk.now
    _changed(desk, mailbox, "mailbox.check_asked")
    return desk.now


def _connected(desk: Desk, mailbox_id: int) -> Mailbox:
    mailbox = desk.session.get_one(Mailbox, mailbox_id)
    if mailbox.state is MailboxState.DISCONNECTED:
        raise Problem(f"{mailbox.address} is disconnected; connect it again first.")
    return mailbox


def _set(desk: Desk, mailbox_id: int, field: str, value: str | int) -> bool:
    mailbox = desk.session.get_one(Mailbox, mailbox_id)
    old = getattr(mailbox, field)
    if old == value:
        return False
    setattr(mailbox, field, value)
    _changed(desk, mailbox, f"mailbox.{field}_changed", {field: old}, {field: value})
    return True


def _changed(
    desk: Desk, mailbox: Mailbox, what: str, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None
) -> None:
    desk.audit(what, f"mailbox:{mailbox.id}", old=old, new=new, identity_id=mailbox.identity_id)
    lanes = desk.session.scalars(select(Lane.id).where(Lane.mailbox_id == mailbox.id)).all()
    agenda.wake_lane(desk.session, lanes, desk.now)


def _end_of_limit(inforce: tuple[limits.Limit, ...]) -> datetime | None:
    days = (one for one in inforce if one.kind is ActionKind.EMAIL and one.clock is QuotaClock.LOCAL_DAY)
    return next((one.until for one in days), None)


def _address(desk: Desk, mailbox: Mailbox, today: ClockUse | None, limit_until: datetime | None) -> Address:
    failed = disconnecting.healable(desk.session, mailbox.id)
    return Address(
        id=mailbox.id,
        address=mailbox.address,
        provider=mailbox.provider,
        display_name=mailbox.display_name,
        state=mailbox.state,
        state_since=mailbox.state_since,
        state_note=mailbox.state_note,
        last_good_at=mailbox.last_good_at,
        next_probe_at=mailbox.next_probe_at,
        paused_at=mailbox.paused_at,
        username=mailbox.username,
        imap=Server(mailbox.imap_host, mailbox.imap_port, mailbox.imap_security),
        smtp=Server(mailbox.smtp_host, mailbox.smtp_port, mailbox.smtp_security),
        sent_folder=mailbox.sent_folder,
        files_sent_itself=mailbox.files_sent_itself,
        signature=mailbox.signature,
        gap_seconds=mailbox.gap_seconds,
        today=today,
        limit_until=limit_until,
        waiting_leads=0 if mailbox.state.may_be_read else failed,
        coming_back=failed if mailbox.state.may_be_read else 0,
    )
