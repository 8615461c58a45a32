"""Granted sign-ins on real Dovecot and Postfix: XOAUTH2 with tokens the stand-in vouches for, and a campaign's mails."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from engine import grants, provider_apps, sequence
from engine.channels.effects import MailAccount
from engine.channels.email import EmailChannel
from engine.connections import google
from engine.connections.oauth import endpoints
from engine.connections.probe import probe
from engine.connections.trouble import Trouble
from engine.dispatch import Attended, attend
from engine.grants import Tokens
from engine.hands import Hands
from engine.letters import letter_for
from engine.mail_accounts import account_for
from practice.oauth import StandIn
from practice.oauth_book import Access, Book, Unwell
from storage.database import Database
from storage.kinds import ActionState, MailboxState, Provider
from storage.tables import Action, Lane, Mailbox, ProviderApp, Spend
from tests import makers
from tests.bed.bed import Bed
from tests.mail.conftest import LOOPBACK
from tests.makers import MONDAY
from tests.oauth.conftest import GOOGLE, RETURN
from tests.oauth.office import FORMS, VAULT
from tests.oauth.person import Person, settings_of

pytestmark = pytest.mark.bed


@pytest.fixture(scope="module")
def asked_by_dovecot(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    server = StandIn(tmp_path_factory.mktemp("bed-stand-in"), (0, bed.ports.tokens)).start()
    yield server
    server.stop()


@pytest.fixture
def vouching(asked_by_dovecot: StandIn) -> StandIn:
    asked_by_dovecot.book = Book()
    return asked_by_dovecot


@dataclass
class Post:
    """One identity whose real address is signed in at Google's stand-in, and a campaign of one step for three leads."""

    database: Database
    stand_in: StandIn
    bed: Bed
    address: str
    leads: list[str]
    lane_id: int
    mailbox_id: int
    now: datetime = MONDAY

    @property
    def tokens(self) -> Tokens:
        return Tokens(self.database, VAULT, endpoints(settings_of(self.stand_in)), lambda: self.now)

    def attend(self, minutes: int) -> Attended:
        self.now = MONDAY + timedelta(minutes=minutes)
        channel = EmailChannel(LOOPBACK, lambda: self.now, self.bed.ca_file)
        hands = Hands(channel, account_for(VAULT, self.tokens), letter_for)
        return attend(self.database, self.lane_id, lambda: self.now, "worker-1", hands)

    def mailbox(self) -> Mailbox:
        with self.database.read() as session:
            return session.get_one(Mailbox, self.mailbox_id)

    def sign_in(self) -> None:
        where, person = self.tokens.where, Person(self.stand_in.ca_file)
        begun = google.begin(GOOGLE, where, RETURN, self.address, "s")
        granted = google.finish(GOOGLE, where, RETURN, begun.flow, person.answers(begun.url))
        with self.database.write() as session:
            app = session.scalars(select(ProviderApp).where(ProviderApp.provider == Provider.GOOGLE)).one()
            box = session.get_one(Mailbox, self.mailbox_id)
            box.grant_id = grants.keep(session, VAULT, app, box.workspace_id, self.address, granted, self.now)
            box.state, box.state_note = MailboxState.OK, ""
            session.get_one(Lane, self.lane_id).wake_at = self.now

    def spent(self) -> int:
        with self.database.read() as session:
            return len(session.scalars(select(Spend).where(Spend.given_back_at.is_(None))).all())


@pytest.fixture
def post(database: Database, bed: Bed, vouching: StandIn) -> Post:
    address, leads = bed.new_address(), [bed.new_address("lead", "bravo.test") for _ in range(3)]
    with database.write() as session:
        makers.installation(session)
        makers.user(session, is_owner=True)
        ada = makers.identity(session, makers.workspace(session).id)
        provider_apps.set_installation_app(makers.desk(session), form=FORMS[0], vault=VAULT)
        mailbox = makers.mailbox(
            session,
            ada,
            address=address,
            username=address,
            provider=Provider.GOOGLE,
            sent_folder="Sent",
            imap_host="localhost",
            imap_port=bed.ports.imaps,
            smtp_host="localhost",
            smtp_port=bed.ports.submission,
        )
        spring = makers.campaign(session, ada)
        people = [makers.lead(session, spring, email=email, mailbox_id=mailbox.id) for email in leads]
        sequence.begin(session, spring.id, [person.id for person in people], MONDAY)
        lane_id = session.scalars(select(Lane.id).where(Lane.mailbox_id == mailbox.id)).one()
    made = Post(database, vouching, bed, address, leads, lane_id, mailbox.id)
    made.sign_in()
    return made


def test_a_campaigns_mail_goes_out_of_a_granted_address_and_lies_in_its_sent_folder(post: Post) -> None:
    assert post.attend(0).state is ActionState.ACCEPTED
    (mail,) = post.bed.wait_for_mails(post.leads[0])
    assert post.address in str(mail["From"])
    assert [copy["Message-ID"] for copy in post.bed.mails(post.address, "Sent")] == [mail["Message-ID"]]


def test_a_token_that_is_revoked_early_is_renewed_on_the_way_and_the_mail_goes_once(post: Post) -> None:
    post.tokens.fresh(post.mailbox().grant_id or 0)
    post.stand_in.book.expire_access(post.address)
    assert post.attend(0).state is ActionState.ACCEPTED
    assert post.stand_in.book.refreshes == 1
    assert len(post.bed.wait_for_mails(post.leads[0])) == 1
    assert len(post.bed.mails(post.address, "Sent")) == 1


def test_a_grant_that_dies_mid_campaign_stops_the_address_and_a_new_one_goes_on(post: Post) -> None:
    assert post.attend(0).state is ActionState.ACCEPTED
    post.stand_in.book.revoke_all(post.address)
    assert post.attend(20).state is ActionState.FAILED_TEMPORARY
    held = post.mailbox()
    assert (held.state, post.spent()) == (MailboxState.RECONNECT_NEEDED, 1)
    assert "no longer accepts this sign-in" in held.state_note
    assert post.attend(60) == Attended()
    post.sign_in()
    assert post.attend(90).state is ActionState.ACCEPTED
    assert post.attend(120).state is ActionState.ACCEPTED
    assert [len(post.bed.wait_for_mails(lead)) for lead in post.leads] == [1, 1, 1]
    with post.database.read() as session:
        assert {action.state for action in session.scalars(select(Action))} == {ActionState.ACCEPTED}


def test_a_provider_that_is_out_for_hours_costs_no_lead(post: Post) -> None:
    post.now = MONDAY + timedelta(hours=2)
    post.stand_in.book.unwell = Unwell.HTML
    for minutes in range(120, 300, 20):
        assert post.attend(minutes).state is not ActionState.ACCEPTED
    assert (post.mailbox().state, post.spent()) == (MailboxState.DEGRADED, 0)
    post.stand_in.book.unwell = None
    assert post.attend(320).state is ActionState.ACCEPTED


def account(bed: Bed, address: str, token: str) -> MailAccount:
    return MailAccount(address, "Ada", address, "", bed.imap, bed.smtp, "Sent", bearer=lambda _refused: token)


def vouched(stand_in: StandIn, address: str, ends: float = 1e12) -> str:
    stand_in.book._access[f"token-of-{address}-{ends}"] = Access(address, (), "app", ends)
    return f"token-of-{address}-{ends}"


def test_a_good_token_opens_both_sides_and_the_folders_are_found(bed: Bed, vouching: StandIn) -> None:
    address = bed.new_address()
    found = probe(account(bed, address, vouched(vouching, address)), LOOPBACK, bed.ca_file)
    assert found.sentences == ()
    assert found.folders
    assert (found.folders.sent, found.folders.junk) == ("Sent", "Junk")


@pytest.mark.parametrize("kind", ["made up", "another's", "expired"])
def test_a_bad_token_is_refused_on_both_sides_with_what_the_server_said(bed: Bed, vouching: StandIn, kind: str) -> None:
    address = bed.new_address()
    tokens = {
        "made up": "nonsense",
        "another's": vouched(vouching, bed.new_address("grace")),
        "expired": vouched(vouching, address, 0.0),
    }
    found = probe(account(bed, address, tokens[kind]), LOOPBACK, bed.ca_file)
    for trouble in (found.imap_trouble, found.smtp_trouble):
        assert trouble
        assert trouble.trouble is Trouble.TOKEN_REFUSED
        assert tokens[kind] not in trouble.note
    assert found.imap_trouble
    assert "token status 401" in found.imap_trouble.note
