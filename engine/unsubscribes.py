"""The way out of every mail (RFC 8058): a signed link that shows a page, and unsubscribes by POST alone.

The link names the lead and is signed with a key of this installation, so nobody can make one for somebody else. It works
for good: a link that has run out would be a complaint. Whoever signs the mails (DKIM) should cover both headers, as Google
and Microsoft do.
"""

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from engine import incoming_effects
from engine.config import Config
from engine.desk import Problem
from engine.suppressions import is_suppressed
from engine.warm_up_key import KeyFor
from storage.kinds import LeadState, Reason
from storage.tables import Lead, Workspace

_WHY = "Unsubscribed by the link in a mail."
_SIGNATURE_BYTES = 18
LinkFor = Callable[[Session, Lead], str]
NO_URL = (
    "Mails carry no unsubscribe link, which large providers ask for: OUTPOST_URL is not an https address that the outside"
    " can reach. Until it is set, people can only answer “no thanks”, which is understood too."
)


@dataclass(frozen=True, slots=True)
class WayOut:
    """What the page shows: whose address, half hidden, since mails are forwarded; and who wrote."""

    address: str
    workspace: str
    is_out: bool


def base_of(config: Config) -> str:
    """Where links may lead; empty when no mail provider could reach the panel."""
    parts = urlsplit(config.public_url)
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - named in order to be left out
    return config.public_url if parts.scheme == "https" and not is_here else ""


def links(base: str, key_for: KeyFor) -> LinkFor | None:
    """A function that makes a lead's link; None without a place that it could lead to."""
    if not base:
        return None
    return lambda session, lead: f"{base}/unsubscribe/{_token(lead, key_for(session))}"


def headers(link: str) -> tuple[tuple[str, str], ...]:
    return (("List-Unsubscribe", f"<{link}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")) if link else ()


def look(session: Session, token: str, key_for: KeyFor) -> WayOut:
    """What the link offers; Problem for one that is not whole. Changes nothing."""
    lead = _lead(session, token, key_for)
    return _way_out(session, lead, is_suppressed(session, lead.workspace_id, lead.email, ""))


def unsubscribe(session: Session, token: str, key_for: KeyFor, now: datetime) -> WayOut:
    """Never write to this person again: on the list and every sequence ended, in this transaction. Twice is as good."""
    lead = _lead(session, token, key_for)
    out = LeadState.UNSUBSCRIBED
    incoming_effects.suppress(session, lead.workspace_id, lead.email, _WHY, out, Reason.LEAD_UNSUBSCRIBED, now)
    session.refresh(lead)
    if lead.state is LeadState.FINISHED:
        lead.state, lead.state_reason, lead.state_since = out, Reason.LEAD_UNSUBSCRIBED, now
    return _way_out(session, lead, True)


def _token(lead: Lead, key: bytes) -> str:
    return f"{lead.id:x}.{_signature(lead, key)}"


def _signature(lead: Lead, key: bytes) -> str:
    said = f"unsubscribe|{lead.workspace_id}|{lead.id}|{lead.email}".encode()
    return base64.urlsafe_b64encode(hmac.digest(key, said, "sha256")[:_SIGNATURE_BYTES]).decode()


def _lead(session: Session, token: str, key_for: KeyFor) -> Lead:
    number, _, signed = token.partition(".")
    try:
        lead = session.get(Lead, int(number, 16)) if 0 < len(number) <= 15 and number.isalnum() else None
    except ValueError:
        lead = None
    if lead is None or not hmac.compare_digest(signed.encode(), _signature(lead, key_for(session)).encode()):
        raise Problem(
            "This link is not whole; mail programs sometimes break long links. Open it from the mail again, or answer"
            " the mail with “no thanks”."
        )
    return lead


def _way_out(session: Session, lead: Lead, is_out: bool) -> WayOut:
    name, _, domain = lead.email.partition("@")
    return WayOut(f"{name[:1]}…@{domain}", session.get_one(Workspace, lead.workspace_id).name, is_out)
