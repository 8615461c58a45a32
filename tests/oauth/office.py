"""An office that signs addresses in: a user with a session, an identity, both providers' apps, and real little servers."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select

from engine import provider_apps, provider_returns, provider_sign_in, sessions
from engine.channels.effects import Server
from engine.connections.oauth import Endpoints, endpoints
from engine.desk import Actor, Desk, perform
from engine.grants import Tokens
from engine.networks import set_allowed_networks
from engine.provider_apps import AppForm
from engine.provider_returns import Back, Result
from engine.sessions import Browser, digest
from practice.oauth import StandIn
from practice.oauth_book import GOOGLE_ID, GOOGLE_SECRET, MICROSOFT_ID, MICROSOFT_SECRET
from storage.database import Database
from storage.kinds import Provider, Role, Security
from storage.tables import Mailbox, SignInFlow
from storage.vault import Vault, new_key
from tests import makers
from tests.bed.scripted import Authority, Script, scripted_imap, scripted_smtp
from tests.makers import MONDAY
from tests.oauth.person import Person, settings_of

FORMS = (
    AppForm(Provider.GOOGLE, GOOGLE_ID, GOOGLE_SECRET),
    AppForm(Provider.MICROSOFT, MICROSOFT_ID, MICROSOFT_SECRET, sends_by_graph=False),
)
VAULT = Vault({1: new_key()})
RETURN = "http://127.0.0.1:8501/connect/return"


@dataclass
class Office:
    """`now` is set by hand; `smtp` and `imap` are the scripts of the mail servers."""

    database: Database
    stand_in: StandIn
    where: Endpoints
    person: Person
    ca_file: str
    smtp: Script
    imap: Script
    workspace_id: int
    identity_id: int
    actor: Actor
    session_token: str
    now: datetime = MONDAY
    states: list[str] = field(default_factory=list)

    @property
    def tokens(self) -> Tokens:
        return Tokens(self.database, VAULT, self.where, lambda: self.now)

    def begin(self, provider: Provider, address: str) -> str:
        """Where the browser is sent."""
        state = secrets.token_urlsafe(32)
        self.states.append(state)
        place = (self.database, self.actor, self.workspace_id, self.now)
        given = {"provider": provider, "address": address, "vault": VAULT, "where": self.where}
        permit = perform(*place, provider_sign_in.may_sign_in, identity_id=self.identity_id, **given)  # type: ignore[arg-type]
        begun = provider_sign_in.begin(permit, self.where, RETURN, state)
        perform(
            *place,
            provider_sign_in.remember,
            identity_id=self.identity_id,
            permit=permit,
            flow=begun.flow,
            state=state,
            session_hash=digest(self.session_token),
            vault=VAULT,
        )
        return begun.url

    def come_back(self, query: dict[str, str]) -> Back:
        return provider_returns.come_back(self.tokens, self.session_token, RETURN, query, self.ca_file)

    def sign_in(self, provider: Provider, address: str, **answers: str) -> Back:
        return self.come_back(self.person.answers(self.begin(provider, address), **answers))

    def result(self, back: Back) -> Result:
        with self.database.read() as session:
            return provider_returns.result_of(self.desk(session), flow_id=back.flow_id)

    def mailbox(self, address: str) -> Mailbox | None:
        with self.database.read() as session:
            return session.scalars(select(Mailbox).where(Mailbox.address == address)).one_or_none()

    def flow(self) -> SignInFlow:
        with self.database.read() as session:
            return session.scalars(select(SignInFlow).order_by(SignInFlow.id.desc()).limit(1)).one()

    def desk(self, session: object) -> Desk:
        return Desk(session, self.actor, self.workspace_id, self.now)  # type: ignore[arg-type]


@contextmanager
def office(database: Database, stand_in: StandIn, authority: Authority) -> Iterator[Office]:
    smtp = Script({"mechanisms": "XOAUTH2"}, authority.good())
    imap = Script({"capabilities": "AUTH=XOAUTH2"}, authority.good(), implicit_tls=True)
    with scripted_smtp(smtp) as smtp_port, scripted_imap(imap) as imap_port:
        where = replace(
            endpoints(settings_of(stand_in)),
            imap=Server("localhost", imap_port, Security.SSL),
            smtp=Server("localhost", smtp_port, Security.STARTTLS),
        )
        with database.write() as session:
            makers.installation(session)
            makers.user(session, is_owner=True)
            client = makers.workspace(session, name="Acme")
            ada = makers.identity(session, client.id, last_name="Lovelace")
            manager = makers.member(session, client.id, Role.MANAGER)
            for form in FORMS:
                provider_apps.set_installation_app(makers.desk(session), form=form, vault=VAULT)
            set_allowed_networks(makers.desk(session), networks=["127.0.0.0/8", "::1"])
            assert manager.user_id
            token = sessions.begin(session, manager.user_id, Browser("192.0.2.7", "a test"), MONDAY)
        yield Office(
            database,
            stand_in,
            where,
            Person(stand_in.ca_file),
            authority.file,
            smtp,
            imap,
            client.id,
            ada.id,
            manager,
            token,
        )
