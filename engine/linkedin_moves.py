"""A profile that has another address by now: whoever is known by the old one is known by the new one from then on."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from engine import linkedin_invitations, linkedin_urls
from engine.desk import WORKER, Desk
from storage.kinds import SuppressionKind
from storage.tables import Lead, LinkedInInvitation, Suppression


def follow(session: Session, workspace_id: int, profile: str, slug: str, now: datetime) -> bool:
    """LinkedIn led from `profile` to this slug; whether that is another address.

    Acceptances, answers and cool-downs are matched by it, so the leads and invitations of the whole workspace move with it,
    and whoever must not be written to stays so at both addresses.
    """
    found = linkedin_urls.profile(f"linkedin.com/in/{slug}") if slug else None
    if found is None or found == profile:
        return False
    _leads(session, workspace_id, profile, found)
    _invitations(session, workspace_id, profile, found)
    _suppressions(session, workspace_id, profile, found)
    session.flush()
    desk = Desk(session, WORKER, workspace_id, now)
    desk.audit("lead.profile_moved", f"profile:{profile}", old={"linkedin_url": profile}, new={"linkedin_url": found})
    return True


def _leads(session: Session, workspace_id: int, before: str, after: str) -> None:
    """A campaign that has the person at both addresses keeps them so: nobody is in one campaign twice."""
    twin = aliased(Lead)
    has_both = exists().where(twin.campaign_id == Lead.campaign_id, twin.linkedin_url == after)
    of_person = (Lead.workspace_id == workspace_id, Lead.linkedin_url == before)
    for lead in session.scalars(select(Lead).where(*of_person, ~has_both)):
        lead.linkedin_url = after


def _invitations(session: Session, workspace_id: int, before: str, after: str) -> None:
    of_person = (LinkedInInvitation.workspace_id == workspace_id, LinkedInInvitation.profile == before)
    for row in session.scalars(select(LinkedInInvitation).where(*of_person)).all():
        is_pending = row.accepted_at is None and row.withdrawn_at is None
        if not is_pending or linkedin_invitations.pending_to(session, row.identity_id, after) is None:
            row.profile = after


def _suppressions(session: Session, workspace_id: int, before: str, after: str) -> None:
    listed = select(Suppression).where(
        Suppression.workspace_id == workspace_id, Suppression.kind == SuppressionKind.LINKEDIN_URL
    )
    old = session.scalar(listed.where(Suppression.value == before))
    if old is not None and session.scalar(listed.where(Suppression.value == after)) is None:
        kept = {"workspace_id": workspace_id, "kind": SuppressionKind.LINKEDIN_URL, "why": old.why, "since": old.since}
        session.add(Suppression(**kept, value=after, added_by=old.added_by))
