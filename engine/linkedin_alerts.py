"""People are told when a LinkedIn account is restricted, its session ended or its seat is gone, while that lasts."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import alerts, scrape_alerts
from storage.kinds import AlertKind, LinkedInState
from storage.tables import Identity, LinkedInAccount

_TELLS = {
    LinkedInState.RESTRICTED: AlertKind.RESTRICTION,
    LinkedInState.LOGGED_OUT: AlertKind.CONNECTION,
    LinkedInState.CAPTCHA: AlertKind.CONNECTION,
}


def tell(session: Session, identity: Identity, sentence: str, now: datetime) -> None:
    """After the state of an account changed."""
    kind = _TELLS.get(identity.linkedin_state)
    for other in {AlertKind.RESTRICTION, AlertKind.CONNECTION} - {kind}:
        alerts.clear(session, _key(other, identity), now)
    if identity.linkedin_state is LinkedInState.CONNECTED:
        alerts.clear(session, _seat_key(identity), now)
        scrape_alerts.seat_is_back(session, identity, now)
        if not session.scalar(select(LinkedInAccount.has_seat).where(LinkedInAccount.identity_id == identity.id)):
            scrape_alerts.seat_rests(session, identity, "The account was connected without Sales Navigator.", now)
    if identity.linkedin_state is LinkedInState.DISCONNECTED:
        scrape_alerts.seat_rests(session, identity, sentence, now)
    if kind is not None:
        where = (identity.workspace_id, identity.id)
        alerts.raise_alert(session, kind, f"LinkedIn of {identity.name}", sentence, *where, now, _key(kind, identity))
        scrape_alerts.seat_rests(session, identity, sentence, now)


def tell_no_seat(session: Session, identity: Identity, sentence: str, now: datetime) -> None:
    """Sales Navigator was not there while it was to be read; over with the next connection, which says whether it is."""
    where = (identity.workspace_id, identity.id)
    subject = f"Sales Navigator of {identity.name}"
    alerts.raise_alert(session, AlertKind.CONNECTION, subject, sentence, *where, now, _seat_key(identity))
    scrape_alerts.seat_rests(session, identity, sentence, now)


def _seat_key(identity: Identity) -> str:
    return f"linkedin-seat:{identity.id}"


def _key(kind: AlertKind, identity: Identity) -> str:
    return f"linkedin-{kind}:{identity.id}"
