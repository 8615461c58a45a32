"""Every e-mail address in one list: how it stands since when, what to do, when it was last signed in to and read.

Of a workspace for whoever reads there, of the whole installation for its owners.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select

from engine import disconnecting, known_ends, standing
from engine.campaign_lists import like
from engine.desk import Desk, use_case
from engine.domain_checks import Check, check_of
from engine.known_ends import KnownEnd
from engine.paged import Paged, within
from engine.rules.facts import ClockUse
from storage.kinds import MAILBOX_NEEDS, ActionKind, MailboxState, Permission, Provider
from storage.tables import Identity, Lane, Mailbox, MailReading, Workspace

PAGE = 50
_TO_DO = {
    MailboxState.NEVER: "Connect it.",
    MailboxState.WAITING_FOR_APPROVAL: "Ask the domain's administrator to approve.",
    MailboxState.REFUSED: "Ask again, or connect it another way.",
    MailboxState.RECONNECT_NEEDED: "Reconnect it.",
    MailboxState.DISABLED_BY_TENANT: "Ask the domain's administrator to switch sending on.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One address. `domain` is None before its domain was checked the first time."""

    mailbox_id: int
    address: str
    provider: Provider
    state: MailboxState
    since: datetime
    to_do: str
    paused: bool
    identity_id: int
    identity_name: str
    zone: str
    workspace_id: int
    workspace_name: str
    last_good_at: datetime | None
    last_read_at: datetime | None
    today: ClockUse | None
    domain: Check | None
    sign_in_ends: datetime | None  # near or certain; None while use keeps the sign-in alive


@use_case(needs=Permission.READ, reads=True)
def of_workspace(
    desk: Desk, text: str = "", state: MailboxState | None = None, needs: bool = False, number: int = 1
) -> Paged[Line]:
    """One page of the workspace's addresses; those that need somebody first, then by address."""
    return _page(desk, _mailboxes(desk.workspace, text, state, needs).where(desk.visible(Mailbox.identity_id)), number)


@use_case(needs=Permission.OWN, reads=True)
def of_installation(
    desk: Desk, text: str = "", state: MailboxState | None = None, needs: bool = False, number: int = 1
) -> Paged[Line]:
    """The same of every workspace."""
    return _page(desk, _mailboxes(None, text, state, needs), number)


def _mailboxes(workspace_id: int | None, text: str, state: MailboxState | None, needs: bool) -> Select[int]:
    wanted = (
        select(Mailbox.id)
        .join(Identity, Identity.id == Mailbox.identity_id)
        .where(Mailbox.removed_at.is_(None), Identity.archived_at.is_(None))
    )
    if workspace_id is not None:
        wanted = wanted.where(Mailbox.workspace_id == workspace_id)
    if state is not None:
        wanted = wanted.where(Mailbox.state == state)
    if needs:
        wanted = wanted.where(Mailbox.state.in_(MAILBOX_NEEDS))
    for word in text.split():
        pattern = like(word)
        wanted = wanted.where(
            or_(
                *[
                    column.ilike(pattern, escape="\\")
                    for column in (Mailbox.address, Identity.first_name, Identity.last_name)
                ]
            )
        )
    return wanted


def _page(desk: Desk, wanted: Select[int], asked: int) -> Paged[Line]:
    total = desk.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    number = within(asked, total, PAGE)
    rows = desk.session.execute(
        select(Mailbox, Identity, Workspace.name, Lane.id, MailReading)
        .join(Identity, Identity.id == Mailbox.identity_id)
        .join(Workspace, Workspace.id == Mailbox.workspace_id)
        .outerjoin(Lane, Lane.mailbox_id == Mailbox.id)
        .outerjoin(MailReading, MailReading.mailbox_id == Mailbox.id)
        .where(Mailbox.id.in_(wanted))
        .order_by(Mailbox.state.not_in(MAILBOX_NEEDS), Mailbox.address)
        .limit(PAGE)
        .offset((number - 1) * PAGE)
    ).all()
    uses = standing.uses_today(desk.session, [lane for _, _, _, lane, _ in rows if lane is not None], desk.now)
    ends = known_ends.of_mailboxes(desk.session, [mailbox.id for mailbox, *_ in rows])
    lines = tuple(
        _line(desk, mailbox, identity, workspace, uses.get(lane, {}).get(ActionKind.EMAIL), reading, ends.get(mailbox.id))
        for mailbox, identity, workspace, lane, reading in rows
    )
    return Paged(lines, number, PAGE, total)


def _line(
    desk: Desk,
    mailbox: Mailbox,
    identity: Identity,
    workspace: str,
    today: ClockUse | None,
    reading: MailReading | None,
    end: KnownEnd | None,
) -> Line:
    return Line(
        mailbox.id,
        mailbox.address,
        mailbox.provider,
        mailbox.state,
        mailbox.state_since,
        _to_do(desk, mailbox, reading, end),
        mailbox.paused_at is not None,
        identity.id,
        identity.name,
        identity.zone,
        mailbox.workspace_id,
        workspace,
        mailbox.last_good_at,
        reading.last_at if reading is not None else None,
        today,
        check_of(desk.session, mailbox.address),
        end.at if end is not None and (end.last_used_at is None or end.is_near(desk.now)) else None,
    )


def _to_do(desk: Desk, mailbox: Mailbox, reading: MailReading | None, end: KnownEnd | None) -> str:
    if mailbox.state is MailboxState.DISCONNECTED:
        waiting = disconnecting.healable(desk.session, mailbox.id)
        people = "1 lead comes" if waiting == 1 else f"{waiting:,} leads come"
        return f"Connect it again; {people} back." if waiting else ""
    if mailbox.state is MailboxState.OK:
        return _reads_first(reading) or (end.to_do(desk.now) if end is not None else "")
    return mailbox.state_note or _TO_DO.get(mailbox.state, "")


def _reads_first(reading: MailReading | None) -> str:
    if reading is None or reading.owed_since is None:
        return ""
    problem = f" The last try failed: {reading.note}" if reading.note else ""
    return f"What came in while it was away is read before it sends again.{problem}"
