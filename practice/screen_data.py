"""What the screenshots need beyond the practice workspace: links whose tokens are known, and mail domains with records.

The practice workspace looks no domain up, since nothing leaves the computer; here its names are answered from a table.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import domain_checks, sessions, totp, unsubscribes
from engine.connections.domain_records import Records, Texts, look
from engine.warm_up_key import key_for
from practice.cast import DOMAIN
from storage import key_file
from storage.database import Database, open_database
from storage.kinds import LeadState, Role
from storage.tables import Invitation, Lead, OwnerReset, ShareLink, User

TOKEN = "screens"  # of every link below
_MADE = datetime(2026, 11, 30, tzinfo=UTC)
_KEY = "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC"
_GOOD, _BAD = f"acme.{DOMAIN}", f"get-acme.{DOMAIN}"
_NAMES = {
    (_GOOD, "MX"): (f"10 mx.{_GOOD}.",),
    (_GOOD, "TXT"): (f"v=spf1 include:mail.{_GOOD} -all",),
    (f"mail.{_GOOD}", "TXT"): ("v=spf1 ip4:192.0.2.0/24 -all",),
    (f"google._domainkey.{_GOOD}", "TXT"): (_KEY,),
    (f"_dmarc.{_GOOD}", "TXT"): (f"v=DMARC1; p=quarantine; rua=mailto:post@{_GOOD}",),
    (_BAD, "TXT"): ("v=spf1 +all",),
}


def prepare(data: Path) -> str:
    """An invitation, a reset link, a share link, a user with an authenticator, two domains; the path of a way out."""
    database = open_database(data / "outpost.db")
    vault = key_file.read(data.with_name(f"{data.name}.key"))
    try:
        domain_checks.check_now(database, _records, [_GOOD, _BAD], _MADE + timedelta(hours=8))
        with database.write() as session:
            _links(session)
            mara = session.scalars(select(User).where(User.email == "mara@outpost.test")).one()
            totp.propose(session, vault, mara)
            mara.totp_confirmed_at = _MADE
        return _way_out(database, unsubscribes.links("https://x", key_for(vault)))
    finally:
        database.close()


def _links(session: Session) -> None:
    links = {"token_hash": sessions.digest(TOKEN), "created_at": _MADE, "expires_at": datetime(2027, 1, 1, tzinfo=UTC)}
    session.add(Invitation(email="nora@outpost.test", workspace_id=1, role=Role.MANAGER, invited_by=1, **links))
    session.add(OwnerReset(user_id=1, **links))
    day = {**links, "expires_at": _MADE + timedelta(hours=24)}
    session.add(ShareLink(workspace_id=1, identity_id=12, created_by="mara@outpost.test", **day))


def _way_out(database: Database, link: unsubscribes.LinkFor | None) -> str:
    assert link is not None
    with database.read() as session:
        lead = session.scalars(select(Lead).where(Lead.workspace_id == 1, Lead.state == LeadState.ACTIVE).limit(1)).one()
        return link(session, lead).removeprefix("https://x")


def _records(domain: str, selectors: Sequence[str]) -> Records:
    return look(domain, selectors, _answer)


def _answer(name: str, kind: str, _seconds: float) -> Texts:
    exists = any(known == name or known.endswith(f".{name}") for known, _ in _NAMES)
    return Texts(_NAMES.get((name, kind), ()), exists)
