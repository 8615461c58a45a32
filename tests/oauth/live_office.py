"""A live panel that signs in at the stand-in, with its owner, an identity, and both providers' apps."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import select

from engine import provider_apps
from engine.networks import set_allowed_networks
from practice.oauth import StandIn
from storage import key_file
from storage.database import Database
from storage.tables import Mailbox, SignInFlow, User, Workspace
from tests import makers
from tests.bed.scripted import Authority, Script, scripted_imap, scripted_smtp
from tests.live import LivePanel
from tests.oauth.office import FORMS
from tests.oauth.person import settings_of


@dataclass
class LiveOffice:
    panel: LivePanel
    owner: httpx.Client
    database: Database
    workspace_id: int
    identity_id: int
    smtp: Script

    def path(self, provider: str, address: str = "") -> str:
        return f"/connect/{provider}?w={self.workspace_id}&identity={self.identity_id}&address={address}"

    def mailbox(self, address: str) -> Mailbox | None:
        with self.database.read() as session:
            return session.scalars(select(Mailbox).where(Mailbox.address == address)).one_or_none()

    def flows(self) -> list[SignInFlow]:
        with self.database.read() as session:
            return list(session.scalars(select(SignInFlow).order_by(SignInFlow.id)))


@contextmanager
def live_office(folder: Path, stand_in: StandIn, **settings: str) -> Iterator[LiveOffice]:
    authority = Authority(folder)
    smtp = Script({"mechanisms": "XOAUTH2"}, authority.good())
    imap = Script({"capabilities": "AUTH=XOAUTH2"}, authority.good(), implicit_tls=True)
    with scripted_smtp(smtp) as smtp_port, scripted_imap(imap) as imap_port:
        given = {
            **settings_of(stand_in),
            "OUTPOST_PROVIDERS_IMAP": f"localhost:{imap_port}:ssl",
            "OUTPOST_PROVIDERS_SMTP": f"localhost:{smtp_port}:starttls",
            "SSL_CERT_FILE": authority.file,
            "OUTPOST_WORKER": "off",
            **settings,
        }
        panel = LivePanel(folder / "live", given).start()
        try:
            owner = panel.owner()
            database = panel.database()
            yield LiveOffice(panel, owner, database, *_furnished(database, panel), smtp)
            database.close()
        finally:
            panel.stop()


def _furnished(database: Database, panel: LivePanel) -> tuple[int, int]:
    vault = key_file.read(panel.folder / "data.key")
    with database.write() as session:
        client = session.scalars(select(Workspace)).one()
        assert session.scalars(select(User)).one()
        ada = makers.identity(session, client.id, last_name="Lovelace")
        for form in FORMS:
            provider_apps.set_installation_app(makers.desk(session), form=form, vault=vault)
        set_allowed_networks(makers.desk(session), networks=["127.0.0.0/8", "::1"])
        return client.id, ada.id
