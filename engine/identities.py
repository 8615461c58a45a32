"""What people do with identities: add one, edit its contact details, archive it."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from engine import contact_details
from engine.contact_details import Contact
from engine.desk import Desk, Problem, use_case
from engine.rules import hours as rules
from storage.kinds import CampaignState, LinkedInState, MailboxState, Permission
from storage.tables import Campaign, Identity, LinkedInAccount, Mailbox, MembershipIdentity, WarmUp

_NINE, _SIX = 9 * 60, 18 * 60


@dataclass(frozen=True, slots=True)
class IdentityView:
    """One identity as its own page shows it; `version` goes back with an edit."""

    id: int
    contact: Contact
    linkedin_state: LinkedInState
    zone: str
    days: frozenset[int]
    start: int
    end: int
    holiday_country: str
    version: int
    created_at: datetime
    archived_at: datetime | None

    @property
    def name(self) -> str:
        return self.contact.name


@use_case(needs=Permission.MANAGE)
def create(desk: Desk, contact: Contact, zone: str = "UTC") -> int:
    """Add an identity manually and answer its id; it works Monday to Friday, 09:00 to 18:00 in `zone`, until edited."""
    kept = contact_details.tidy(contact)
    _refuse_taken_profile(desk, kept, None)
    days = frozenset(range(1, 6))
    if wrong := rules.problem(zone, days, _NINE, _SIX):
        raise Problem(wrong)
    made = Identity(
        workspace_id=desk.workspace,
        **asdict(kept),
        sort_name=kept.sort_name,
        zone=zone,
        work_days=sorted(days),
        work_start=_NINE,
        work_end=_SIX,
        created_at=desk.now,
        created_by=desk.actor.user_id,
    )
    desk.session.add(made)
    desk.session.flush()
    access = desk.access()
    if access is not None and access.identity_ids is not None and desk.actor.user_id is not None:
        # Who has access to named identities only would not see what they just added.
        desk.session.add(MembershipIdentity(user_id=desk.actor.user_id, identity_id=made.id))
        desk.session.flush()
    desk.audit("identity.created", f"identity:{made.id}", new={**asdict(kept), "zone": zone}, identity_id=made.id)
    return made.id


@use_case(needs=Permission.READ, reads=True)
def get(desk: Desk, identity_id: int) -> IdentityView:
    return _view(desk.session.get_one(Identity, identity_id))


@use_case(needs=Permission.MANAGE)
def edit_contact(desk: Desk, identity_id: int, version: int, contact: Contact) -> int:
    """Save contact details read at `version` and answer the new version; a Problem when somebody saved since."""
    kept = contact_details.tidy(contact)
    _refuse_taken_profile(desk, kept, identity_id)
    before = _view(desk.session.get_one(Identity, identity_id))
    changed = save_at_version(desk, identity_id, version, {**asdict(kept), "sort_name": kept.sort_name})
    old, new = differences(asdict(before.contact), asdict(kept))
    if new:
        desk.audit("identity.contact_edited", f"identity:{identity_id}", old=old, new=new, identity_id=identity_id)
    return changed


@use_case(needs=Permission.MANAGE)
def archive(desk: Desk, identity_id: int) -> datetime:
    """Take an identity out of every list, since when; refused while campaigns or warm-ups run or accounts are connected."""
    found = desk.session.get_one(Identity, identity_id)
    if obstacles := _in_use(desk.session, identity_id):
        raise Problem(
            f"{found.name} still has {obstacles}; pause the campaigns, stop the warm-ups and disconnect the accounts."
        )
    if found.archived_at is None:
        found.archived_at = desk.now
        desk.audit("identity.archived", f"identity:{identity_id}", identity_id=identity_id)
    return found.archived_at


@use_case(needs=Permission.MANAGE)
def restore(desk: Desk, identity_id: int) -> None:
    """Bring an archived identity back into the lists."""
    found = desk.session.get_one(Identity, identity_id)
    if found.archived_at is not None:
        found.archived_at = None
        desk.audit("identity.restored", f"identity:{identity_id}", identity_id=identity_id)


def save_at_version(desk: Desk, identity_id: int, version: int, values: dict[str, Any]) -> int:
    """Write values if nobody wrote since `version` was read, and answer the new version."""
    saved = desk.session.execute(
        update(Identity)
        .where(Identity.id == identity_id, Identity.version == version)
        .values(**values, version=version + 1)
        .returning(Identity.version)
    ).scalar_one_or_none()
    if saved is None:
        raise Problem(
            "Somebody changed this identity meanwhile. Your entries are still here: compare them with what is saved now, "
            "then save again."
        )
    desk.session.expire_all()
    return saved


def contact_of(row: Identity) -> Contact:
    return Contact(**{field.name: getattr(row, field.name) for field in fields(Contact)})


def is_taken(session: Session, workspace_id: int, profile: str, identity_id: int | None) -> bool:
    """One profile is one identity in a workspace, else its limits would count twice."""
    others = select(Identity.id).where(
        Identity.workspace_id == workspace_id,
        Identity.linkedin_url == profile,
        Identity.id != (identity_id or 0),
        Identity.archived_at.is_(None),
    )
    return bool(profile) and session.scalar(others.limit(1)) is not None


def differences(old: dict[str, Any], new: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What changed between two sets of values, as the audit log keeps it."""
    changed = [key for key in new if old.get(key) != new[key]]
    return {key: old.get(key) for key in changed}, {key: new[key] for key in changed}


def _view(row: Identity) -> IdentityView:
    return IdentityView(
        id=row.id,
        contact=contact_of(row),
        linkedin_state=row.linkedin_state,
        zone=row.zone,
        days=frozenset(row.work_days),
        start=row.work_start,
        end=row.work_end,
        holiday_country=row.holiday_country,
        version=row.version,
        created_at=row.created_at,
        archived_at=row.archived_at,
    )


def _refuse_taken_profile(desk: Desk, contact: Contact, identity_id: int | None) -> None:
    if is_taken(desk.session, desk.workspace, contact.linkedin_url, identity_id):
        raise Problem("Another identity of this workspace has this LinkedIn URL; open that one, or correct the URL.")


def _in_use(session: Session, identity_id: int) -> str:
    """What keeps an identity from being archived, in words; empty for nothing."""
    campaigns = session.scalar(
        select(func.count()).where(Campaign.identity_id == identity_id, Campaign.state == CampaignState.RUNNING)
    )
    addresses = session.scalar(
        select(func.count()).where(
            Mailbox.identity_id == identity_id,
            Mailbox.removed_at.is_(None),
            Mailbox.state.in_((MailboxState.OK, MailboxState.DEGRADED)),
        )
    )
    linkedin = session.scalar(
        select(func.count()).where(LinkedInAccount.identity_id == identity_id, LinkedInAccount.session.is_not(None))
    )
    warm_ups = session.scalar(
        select(func.count())
        .select_from(WarmUp)
        .join(Mailbox, Mailbox.id == WarmUp.mailbox_id)
        .where(Mailbox.identity_id == identity_id, WarmUp.stopped_at.is_(None))
    )
    counted = (
        (campaigns, "running campaign", "running campaigns"),
        (warm_ups, "warm-up", "warm-ups"),
        (addresses, "connected address", "connected addresses"),
        (linkedin, "connected LinkedIn account", "connected LinkedIn accounts"),
    )
    return " and ".join(f"{count} {one if count == 1 else many}" for count, one, many in counted if count)
