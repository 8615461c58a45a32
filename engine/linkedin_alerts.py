"""People are told when a LinkedIn account is restricted or its session ended, and no longer once that is over."""

from datetime import datetime

from sqlalchemy.orm import Session

from engine import alerts
from storage.kinds import AlertKind, LinkedInState
from storage.tables import Identity

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
    if kind is not None:
        where = (identity.workspace_id, identity.id)
        alerts.raise_alert(session, kind, f"LinkedIn of {identity.name}", sentence, *where, now, _key(kind, identity))


def _key(kind: AlertKind, identity: Identity) -> str:
    return f"linkedin-{kind}:{identity.id}"
