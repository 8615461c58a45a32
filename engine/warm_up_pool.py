"""Which addresses take part in warm-up, what their owners allow, and the policy of the installation."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.orm import Session

from engine.desk import Desk, Problem, use_case
from storage.kinds import MailboxState, Permission, PoolScope, WarmUpPreset
from storage.tables import Mailbox, Setting, WarmUpMember, Workspace

LEAST_OTHERS = 2
LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français", "it": "Italiano", "nl": "Nederlands"}
_KEY = "warm_up"
_MOST_CENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for the installation, `scope` where a workspace says nothing itself; the price is in cents, per address
    and month."""

    preset: WarmUpPreset = WarmUpPreset.USUAL
    scope: PoolScope = PoolScope.INSTALLATION
    price_cents: int = 0


@dataclass(frozen=True, slots=True)
class Pool:
    """With whom an address exchanges mails: those that the reader may know, and how many besides."""

    known: tuple[str, ...]
    others: int
    scope: PoolScope

    @property
    def sentence(self) -> str:
        number = len(self.known) + self.others
        if not number:
            return "No other address takes part in warm-up yet."
        who = f"{number:,} other {'address' if number == 1 else 'addresses'}"
        if self.scope is PoolScope.WORKSPACE:
            return f"Its mails go only between {who} of this workspace and this one."
        away = f", {self.others:,} of them other clients'," if self.others and self.known else ""
        away = ", all of them other clients'," if self.others and not self.known else away
        return f"Its mails go only between {who} of this installation{away} and this one; never to anybody else."

    @property
    def sentence_for_many(self) -> str:
        where = "this workspace" if self.scope is PoolScope.WORKSPACE else "this installation"
        return f"Their mails go only between addresses of {where}; never to anybody else."


def policy_of(session: Session) -> Policy:
    setting = session.get(Setting, _KEY)
    if setting is None:
        return Policy()
    value = setting.value
    return Policy(WarmUpPreset(value["preset"]), PoolScope(value["scope"]), int(value["price_cents"]))


@use_case(needs=Permission.READ, reads=True)
def policy(desk: Desk) -> Policy:
    return policy_of(desk.session)


@use_case(needs=Permission.OWN)
def set_policy(desk: Desk, preset: WarmUpPreset, scope: PoolScope, price_cents: int) -> Policy:
    """Set what holds from now on; warm-ups that run keep the ramp and the price they began with."""
    if not 0 <= price_cents <= _MOST_CENTS:
        raise Problem("The price must lie between 0 and 10,000 a month; correct it.")
    old = policy_of(desk.session)
    new = {"preset": preset.value, "scope": scope.value, "price_cents": price_cents}
    desk.session.merge(Setting(key=_KEY, value=new, changed_at=desk.now))
    before = {"preset": old.preset.value, "scope": old.scope.value, "price_cents": old.price_cents}
    desk.audit("warm_up.policy_changed", "installation", old=before, new=new)
    return Policy(preset, scope, price_cents)


@dataclass(frozen=True, slots=True)
class Scope:
    """Between whose addresses the mails of one workspace go: its own word (None: it has none), and the installation's."""

    own: PoolScope | None
    default: PoolScope

    @property
    def holds(self) -> PoolScope:
        return self.own or self.default


def scope_of(session: Session, workspace_id: int) -> Scope:
    own = session.scalar(select(Workspace.warm_up_scope).where(Workspace.id == workspace_id))
    return Scope(own, policy_of(session).scope)


@use_case(needs=Permission.READ, reads=True)
def scope(desk: Desk) -> Scope:
    return scope_of(desk.session, desk.workspace)


@use_case(needs=Permission.ADMINISTER)
def set_scope(desk: Desk, own: PoolScope | None) -> Scope:
    """Keep the workspace's mails to itself, or let them go to the whole installation; None: as the installation says.

    It holds both ways: where this workspace keeps to itself, nobody else writes to it either. At once, also for mails
    that are planned.
    """
    desk.require_all_identities()
    row = desk.session.get_one(Workspace, desk.workspace)
    old, row.warm_up_scope = row.warm_up_scope, own
    if old is not own:
        desk.audit("warm_up.scope_changed", f"workspace:{row.id}", old={"scope": old}, new={"scope": own})
    return scope_of(desk.session, row.id)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the warm-ups of one workspace rise: its own word (None: it has none), and the installation's."""

    own: WarmUpPreset | None
    default: WarmUpPreset

    @property
    def holds(self) -> WarmUpPreset:
        return self.own or self.default


def pace_of(session: Session, workspace_id: int) -> Pace:
    own = session.scalar(select(Workspace.warm_up_preset).where(Workspace.id == workspace_id))
    return Pace(own, policy_of(session).preset)


@use_case(needs=Permission.READ, reads=True)
def pace(desk: Desk) -> Pace:
    return pace_of(desk.session, desk.workspace)


@use_case(needs=Permission.ADMINISTER)
def set_pace(desk: Desk, own: WarmUpPreset | None) -> Pace:
    """How fast the workspace's warm-ups rise that start from now on; None: as the installation says."""
    desk.require_all_identities()
    row = desk.session.get_one(Workspace, desk.workspace)
    old, row.warm_up_preset = row.warm_up_preset, own
    if old is not own:
        desk.audit("warm_up.pace_changed", f"workspace:{row.id}", old={"preset": old}, new={"preset": own})
    return pace_of(desk.session, row.id)


def in_pool() -> ColumnElement[bool]:
    """The condition on Mailbox (outer joined with WarmUpMember): it may get warm-up mail now."""
    put_away = select(Workspace.id).where(Workspace.archived_at.is_not(None))
    return (
        Mailbox.state.in_((MailboxState.OK, MailboxState.DEGRADED))
        & Mailbox.paused_at.is_(None)
        & Mailbox.removed_at.is_(None)
        & Mailbox.workspace_id.not_in(put_away)
        & or_(WarmUpMember.mailbox_id.is_(None), WarmUpMember.takes_part)
    )


def others(session: Session, mailbox: Mailbox) -> Select[Mailbox]:
    """The other addresses that this one may exchange warm-up mail with, by what both their workspaces say now."""
    mine = scope_of(session, mailbox.workspace_id)
    found = (
        select(Mailbox)
        .outerjoin(WarmUpMember, WarmUpMember.mailbox_id == Mailbox.id)
        .where(in_pool(), Mailbox.id != mailbox.id)
        .order_by(Mailbox.id)
    )
    same = Mailbox.workspace_id == mailbox.workspace_id
    if mine.holds is PoolScope.WORKSPACE:
        return found.where(same)
    said = Workspace.warm_up_scope
    open_too = said.is_(None) if mine.default is PoolScope.INSTALLATION else false()
    theirs = select(Workspace.id).where(or_(said == PoolScope.INSTALLATION, open_too))
    return found.where(or_(same, Mailbox.workspace_id.in_(theirs)))


def number_of_others(session: Session, mailbox: Mailbox) -> int:
    return session.scalar(select(func.count()).select_from(others(session, mailbox).subquery())) or 0


def may_write(session: Session, sender: Mailbox, recipient_id: int) -> bool:
    """Asked at the last gate: whether the recipient is still one of ours that takes part."""
    return session.scalar(others(session, sender).where(Mailbox.id == recipient_id).limit(1)) is not None


def pool_of(desk: Desk, mailbox: Mailbox) -> Pool:
    """Who is in the pool of an address; other clients' are only counted."""
    ours = desk.visible(Mailbox.identity_id) & (Mailbox.workspace_id == desk.workspace)
    everyone = others(desk.session, mailbox)
    known = tuple(one.address for one in desk.session.scalars(everyone.where(ours)))
    return Pool(known, number_of_others(desk.session, mailbox) - len(known), scope_of(desk.session, desk.workspace).holds)


def takes_part(session: Session, mailbox_id: int) -> bool:
    """Whether nobody switched the address out; that it is connected is another question."""
    return session.scalar(select(WarmUpMember.takes_part).where(WarmUpMember.mailbox_id == mailbox_id)) is not False


def language_of(session: Session, mailbox_id: int) -> str:
    return session.scalar(select(WarmUpMember.language).where(WarmUpMember.mailbox_id == mailbox_id)) or "en"
