"""The LinkedIn account of an identity: how it stands, its session, and how it comes to act, to rest and to its end."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine import agenda, linkedin_alerts, linkedin_lanes, linkedin_profiles, linkedin_urls
from engine.channels.linkedin.outcomes import OwnProfile, SessionState
from engine.desk import WORKER, Desk, Problem, use_case
from storage.kinds import LinkedInState, Permission
from storage.ledger import connection_of
from storage.prepared import Prepared
from storage.tables import Identity, LinkedInAccount
from storage.vault import Place, Vault

FIRST_LOOK = timedelta(minutes=5)
_DRIFTS_THAT_PAUSE = 3
# In the audit log by a line of their own, or as the steps of a sign-in.
_TOLD_ELSEWHERE = (
    LinkedInState.CONNECTED,
    LinkedInState.DISCONNECTED,
    LinkedInState.CODE_NEEDED,
    LinkedInState.APPROVE_IN_APP,
)
DO_NEXT = {
    LinkedInState.NEVER: "Connect the account to send invitations and messages.",
    LinkedInState.CONNECTED: "",
    LinkedInState.CODE_NEEDED: "LinkedIn sent a code; type it here.",
    LinkedInState.APPROVE_IN_APP: "Open the LinkedIn app on the phone and tap Yes.",
    LinkedInState.CAPTCHA: "LinkedIn asks for a check that only a person can pass: sign in at linkedin.com in a browser of "
    "your own, finish it there, then connect again here.",
    LinkedInState.LOGGED_OUT: "LinkedIn ended the session; connect the account again.",
    LinkedInState.RESTRICTED: "LinkedIn restricted this account; sign in at linkedin.com to see why and until when. "
    "Nothing is done from here meanwhile.",
    LinkedInState.DISCONNECTED: "It was disconnected; connect the account again to go on.",
}


@dataclass(frozen=True, slots=True)
class AccountView:
    """What the page shows; never anything of the session."""

    state: LinkedInState
    since: datetime | None
    note: str
    email: str
    profile: str
    name: str
    has_seat: bool
    has_premium: bool
    looked_at: datetime | None
    withdraw_after_days: int | None


@use_case(needs=Permission.READ, reads=True)
def view(desk: Desk, identity_id: int) -> AccountView:
    identity = desk.session.get_one(Identity, identity_id)
    row = account_of(desk.session, identity_id)
    if row is None:
        note = DO_NEXT[identity.linkedin_state]
        return AccountView(identity.linkedin_state, None, note, "", identity.linkedin_url, "", False, False, None, None)
    return AccountView(
        identity.linkedin_state,
        row.state_since,
        row.state_note or DO_NEXT[identity.linkedin_state],
        row.email,
        row.profile or identity.linkedin_url,
        row.name,
        row.has_seat,
        row.has_premium,
        row.looked_at,
        row.withdraw_after_days,
    )


@use_case(needs=Permission.MANAGE)
def say_premium(desk: Desk, identity_id: int, has_premium: bool) -> None:
    """Whether the account has Premium: only its owner can know, and its notes may be longer then."""
    row = account_of(desk.session, identity_id)
    if row is None:
        raise Problem("Connect LinkedIn first; then say whether the account has Premium.")
    if row.has_premium != has_premium:
        old, row.has_premium = row.has_premium, has_premium
        if (lane := linkedin_lanes.lane_of(desk.session, identity_id)) is not None:
            linkedin_lanes.mind_notes(desk.session, lane.id, has_premium or row.has_seat, desk.now)
            agenda.wake_lane(desk.session, [lane.id], desk.now)
        desk.audit(
            "linkedin.premium_said",
            f"identity:{identity_id}",
            old={"premium": old},
            new={"premium": has_premium},
            identity_id=identity_id,
        )


@use_case(needs=Permission.MANAGE)
def disconnect(desk: Desk, identity_id: int) -> None:
    """Forget the session; what is planned waits until the account is connected again."""
    row = account_of(desk.session, identity_id)
    if row is None or row.session is None:
        raise Problem("LinkedIn is not connected, so there is nothing to disconnect.")
    row.session = None
    stand(desk.session, identity_id, LinkedInState.DISCONNECTED, "", desk.now)
    desk.audit("linkedin.disconnected", f"identity:{identity_id}", old={"profile": row.profile}, identity_id=identity_id)


def account_of(session: Session, identity_id: int) -> LinkedInAccount | None:
    found = _OF_IDENTITY.scalar(connection_of(session), {"identity": identity_id})
    return session.get(LinkedInAccount, found) if found is not None else None  # an action asks for it several times


_OF_IDENTITY = Prepared(select(LinkedInAccount.id).where(LinkedInAccount.identity_id == bindparam("identity")))


def account_for(session: Session, identity: Identity, now: datetime) -> LinkedInAccount:
    """The identity's row, made when there is none yet."""
    row = account_of(session, identity.id)
    if row is None:
        row = LinkedInAccount(workspace_id=identity.workspace_id, identity_id=identity.id, state_since=now)
        session.add(row)
        session.flush()
    return row


def stand(session: Session, identity_id: int, state: LinkedInState, note: str, now: datetime) -> None:
    """The account stands like this from now on, and the lane is looked at again."""
    identity = session.get_one(Identity, identity_id)
    row = account_for(session, identity, now)
    old = identity.linkedin_state
    if old is not state:
        identity.linkedin_state, row.state_since = state, now
        if state not in _TOLD_ELSEWHERE:
            told = {"state": state.value, "why": note or DO_NEXT[state]}
            Desk(session, WORKER, identity.workspace_id, now).audit(
                "linkedin.state_changed",
                f"identity:{identity_id}",
                old={"state": old.value},
                new=told,
                identity_id=identity_id,
            )
    row.state_note = note
    session.flush()
    linkedin_alerts.tell(session, identity, note or DO_NEXT[state], now)
    lane = linkedin_lanes.lane_of(session, identity_id)
    if lane is not None:
        agenda.wake_lane(session, [lane.id], now)


def seen(session: Session, identity_id: int, state: LinkedInState, note: str, now: datetime) -> None:
    """The account's pages say that it stands like this; nothing of one that was disconnected while they were read."""
    row = account_of(session, identity_id)
    if row is not None and row.session is not None:
        stand(session, identity_id, state, note, now)


def refusal(session: Session, identity: Identity, profile: OwnProfile) -> str:
    """Why this profile can't be the identity's; empty when it can."""
    found = linkedin_urls.profile(f"linkedin.com/in/{profile.slug}") or ""
    if identity.linkedin_url and identity.linkedin_url != found:
        return (
            f"The sign-in is {found}'s, but this identity is {identity.linkedin_url}. Sign in with the identity's own "
            "account, or correct the LinkedIn URL under Contact details."
        )
    elsewhere = select(LinkedInAccount.id).where(
        LinkedInAccount.profile == found,
        LinkedInAccount.session.is_not(None),
        LinkedInAccount.identity_id != identity.id,
    )
    if session.scalar(elsewhere.limit(1)) is not None:
        return (
            "This LinkedIn account already acts for another identity, and its limits would count twice; disconnect it there."
        )
    return ""


def connect(
    session: Session, vault: Vault, identity_id: int, email: str, profile: OwnProfile, state: SessionState, now: datetime
) -> None:
    """Keep the proven session, sealed, and begin."""
    identity = session.get_one(Identity, identity_id)
    row = account_for(session, identity, now)
    row.email, row.member_id, row.has_seat = email, profile.member_id, profile.has_seat
    row.profile = linkedin_urls.profile(f"linkedin.com/in/{profile.slug}") or ""
    row.session = vault.seal(json.dumps(state), _place(row))
    row.connected_at = row.connected_at or now
    row.drifts, row.look_at = 0, now + FIRST_LOOK
    desk = Desk(session, WORKER, identity.workspace_id, now)
    linkedin_profiles.arrived(desk, identity, row, profile)
    lane = linkedin_lanes.open_lane(session, identity, profile.has_seat, now)
    linkedin_lanes.mind_notes(session, lane.id, row.has_premium or row.has_seat, now)
    stand(session, identity_id, LinkedInState.CONNECTED, "", now)
    desk.audit(
        "linkedin.connected",
        f"identity:{identity_id}",
        new={"profile": row.profile, "sales_navigator": profile.has_seat},
        identity_id=identity_id,
    )


def session_of(session: Session, vault: Vault, identity_id: int) -> SessionState:
    """The browser's session; Problem when the account is not connected any more."""
    row = account_of(session, identity_id)
    if row is None or row.session is None:
        raise Problem(DO_NEXT[LinkedInState.LOGGED_OUT])
    kept: SessionState = json.loads(vault.open(row.session, _place(row)))
    return kept


def drifted(session: Session, identity_id: int, note: str, now: datetime) -> bool:
    """Count a page that was not as known; whether the identity is paused by it now."""
    row = account_of(session, identity_id)
    if row is None or row.session is None:
        return False
    row.drifts += 1
    if row.drifts < _DRIFTS_THAT_PAUSE:
        return False
    said = (
        f"{note} It happened {row.drifts} times in a row, so nothing more is tried; look at the account and connect again."
    )
    stand(session, identity_id, LinkedInState.CAPTCHA, said, now)
    return True


def _place(row: LinkedInAccount) -> Place:
    return Place(row.workspace_id, "linkedin_account", row.id, "session")
