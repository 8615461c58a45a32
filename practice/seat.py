"""LinkedIn of one identity in the practice workspace: connected, with a Sales Navigator seat, and a search being read.

Only the session is laid ready, as a sign-in at the stand-in would have left it; the worker then really reads.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import linkedin_accounts, linkedin_consent, scrapes, seats
from engine.channels.linkedin.outcomes import OwnProfile, SessionState
from engine.desk import Actor, Desk
from practice.cast import DOMAIN
from storage.kinds import ActionKind, CampaignState
from storage.tables import Campaign, Identity, Step
from storage.vault import Vault

CAMPAIGN = "Logistics heads, from Sales Navigator"
SEARCH = "https://www.linkedin.com/sales/search/people?query=(keywords:logistics,filters:List((type:REGION,text:Spain)))"
_PEOPLE, _SHARED = 40, 25
_CONNECTED_FOR = timedelta(days=60)  # long enough for the ramp of a new account to be over
_REQUEST = "Hello {{ first_name }}, we build small robots for warehouses. Shall we connect?"
_MESSAGE = "Hello {{ first_name }},\n\nthank you for connecting. How does {{ company }} move its pallets at night?"
_COOKIE = {"domain": "www.linkedin.com", "path": "/", "expires": 4_000_000_000, "httpOnly": False, "secure": False}


def take_seat(session: Session, vault: Vault, workspace_id: int, actor: Actor, now: datetime) -> None:
    """Give the workspace's first identity its account with a seat, and begin to read a search into a draft of its own."""
    first = select(Identity).where(Identity.workspace_id == workspace_id).order_by(Identity.id).limit(1)
    identity = session.scalars(first).one()
    slug = identity.linkedin_url.rpartition("/")[2]
    email = f"{slug}+sales@acme.{DOMAIN}"
    linkedin_consent.accept(Desk(session, actor, workspace_id, now - _CONNECTED_FOR), identity, identity.name)
    profile = OwnProfile(slug, identity.name, identity.job_title, has_seat=True)
    state = _session(slug, email)
    linkedin_accounts.connect(session, vault, identity.id, email, profile, state, now - _CONNECTED_FOR)
    desk = Desk(session, actor, workspace_id, now)
    seats.share(desk, identity_id=identity.id, value=_SHARED)
    campaign_id = _draft(session, identity, now)
    scrapes.start(desk, campaign_id=campaign_id, url=SEARCH, identity_id=identity.id, most=_PEOPLE)


def _session(slug: str, email: str) -> SessionState:
    """The stand-in tells accounts by these two cookies."""
    named = {"li_at": slug, "account": email}
    cookies = [{**_COOKIE, "sameSite": "Lax", "name": name, "value": value} for name, value in named.items()]
    return {"cookies": cookies, "origins": []}


def _draft(session: Session, identity: Identity, now: datetime) -> int:
    belongs = {"workspace_id": identity.workspace_id, "identity_id": identity.id}
    campaign = Campaign(**belongs, name=CAMPAIGN, state=CampaignState.DRAFT, created_at=now)
    session.add(campaign)
    session.flush()
    steps = ((ActionKind.CONNECTION_REQUEST, 0, _REQUEST), (ActionKind.LINKEDIN_MESSAGE, 24 * 60, _MESSAGE))
    for position, (kind, wait, body) in enumerate(steps, start=1):
        session.add(Step(campaign_id=campaign.id, position=position, kind=kind, wait_minutes=wait, body=body))
    session.flush()
    return campaign.id
