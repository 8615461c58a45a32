"""The whole way of a campaign's mail: planned, gated, sent over real servers, filed, recorded, looked up when unknown."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from engine import sequence
from engine.channels.effects import Letter, MailAccount, Outcome, Trace
from engine.channels.email import EmailChannel
from engine.dispatch import Attended, attend
from engine.hands import Hands
from engine.letters import letter_for
from engine.mail_accounts import account_for, password_place
from engine.recovery import reconcile_due
from storage.database import Database
from storage.kinds import ActionState, MailboxState, Reason, Security
from storage.tables import Action, Event, Lane, Mailbox, Spend
from storage.vault import Vault, new_key
from tests import makers
from tests.bed.bed import PASSWORD, Bed
from tests.bed.scripted import DROP, Authority, Script, scripted_smtp
from tests.mail.conftest import LOOPBACK
from tests.makers import MONDAY

pytestmark = pytest.mark.bed
VAULT = Vault({1: new_key()})


@dataclass
class Post:
    """One identity with one real address and a campaign of two steps for some leads of the bed."""

    database: Database
    lane_id: int
    mailbox_id: int
    address: str
    leads: list[str]
    channel: EmailChannel

    def attend(self, at: datetime = MONDAY) -> Attended:
        return attend(self.database, self.lane_id, lambda: at, "worker-1", self.hands())

    def hands(self) -> Hands:
        return Hands(self.channel, account_for(VAULT), letter_for)

    def actions(self) -> list[Action]:
        with self.database.read() as session:
            return list(session.scalars(select(Action).order_by(Action.id)))

    def mailbox(self) -> Mailbox:
        with self.database.read() as session:
            return session.get_one(Mailbox, self.mailbox_id)

    def spent(self) -> int:
        with self.database.read() as session:
            return len(session.scalars(select(Spend).where(Spend.given_back_at.is_(None))).all())


@pytest.fixture
def post(database: Database, bed: Bed) -> Post:
    address, leads = bed.new_address(), [bed.new_address("lead", "bravo.test") for _ in range(2)]
    with database.write() as session:
        makers.installation(session)
        ada = makers.identity(session, makers.workspace(session).id)
        mailbox = makers.mailbox(
            session,
            ada,
            address=address,
            username=address,
            sent_folder="Sent",
            imap_host="localhost",
            imap_port=bed.ports.imaps,
            smtp_host="localhost",
            smtp_port=bed.ports.submission,
            signature="Ada",
        )
        mailbox.password = VAULT.seal(PASSWORD, password_place(mailbox))
        spring = makers.campaign(session, ada, steps=2)
        people = [makers.lead(session, spring, email=email, mailbox_id=mailbox.id) for email in leads]
        sequence.begin(session, spring.id, [person.id for person in people], MONDAY)
        lane_id = session.scalars(select(Lane.id).where(Lane.mailbox_id == mailbox.id)).one()
    return Post(database, lane_id, mailbox.id, address, leads, EmailChannel(LOOPBACK, lambda: MONDAY, bed.ca_file))


def test_a_planned_mail_goes_out_once_and_the_ledger_holds_the_evidence(post: Post, bed: Bed) -> None:
    assert post.attend().state is ActionState.ACCEPTED
    assert post.attend() == Attended()  # the gap: the second lead waits
    (mail,) = bed.wait_for_mails(post.leads[0])
    first = post.actions()[0]
    assert (mail["Message-ID"], mail["Date"]) == (first.message_id, "Mon, 23 Nov 2026 10:00:00 +0000")
    assert [copy["Message-ID"] for copy in bed.mails(post.address, "Sent")] == [first.message_id]
    with post.database.read() as session:
        last = session.scalars(select(Event).where(Event.action_id == first.id).order_by(Event.id.desc())).first()
        assert last is not None
        assert last.evidence is not None
        assert last.evidence["copy"] == "appended to Sent"
    assert (post.spent(), bed.raw_mails(post.leads[1])) == (1, [])


def test_a_follow_up_lands_in_the_thread(post: Post, bed: Bed) -> None:
    post.attend()
    for minutes in (30, 24 * 60 + 60, 24 * 60 + 120):
        post.attend(MONDAY + timedelta(minutes=minutes))
    first, second = bed.wait_for_mails(post.leads[0], 2)
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert second["Subject"] == f"Re: {first['Subject']}"


def test_a_changed_password_gives_the_quota_back_and_asks_for_a_person(post: Post, bed: Bed) -> None:
    with post.database.write() as session:
        mailbox = session.get_one(Mailbox, post.mailbox_id)
        mailbox.password = VAULT.seal("changed since", password_place(mailbox))
        mailbox.next_probe_at = MONDAY
    assert post.attend().state is ActionState.FAILED_TEMPORARY
    held = post.mailbox()
    assert (held.state, held.next_probe_at, post.spent()) == (MailboxState.RECONNECT_NEEDED, None, 0)
    assert "refused the user name or the password" in held.state_note
    assert post.attend(MONDAY + timedelta(hours=1)) == Attended()  # not a retry for ever
    assert bed.raw_mails(post.leads[0]) == []


@dataclass
class LosesAnswers:
    """The real channel, but for a server that takes the mail and hangs up instead of answering."""

    real: EmailChannel
    trusts: str
    port: int

    def deliver(self, account: MailAccount, letter: Letter, seconds: float) -> Outcome:
        taken = replace(account, smtp=replace(account.smtp, port=self.port, security=Security.STARTTLS))
        return replace(self.real, ca_file=self.trusts).deliver(taken, letter, seconds)

    def look_up(self, account: MailAccount, message_id: str, seconds: float) -> Trace:
        return self.real.look_up(account, message_id, seconds)


@pytest.mark.parametrize(
    ("filed", "state", "reason"),
    [(True, ActionState.ACCEPTED, Reason.FOUND_IN_SENT), (False, ActionState.PARKED, Reason.NO_EVIDENCE)],
)
def test_a_lost_answer_is_looked_up_and_never_sent_again_blindly(
    post: Post, bed: Bed, authority: Authority, filed: bool, state: ActionState, reason: Reason
) -> None:
    script = Script({"dot": DROP}, authority.good())
    with scripted_smtp(script) as port:
        hands = replace(post.hands(), mailer=LosesAnswers(post.channel, authority.file, port))
        unknown = attend(post.database, post.lane_id, lambda: MONDAY, "worker-1", hands)
        assert unknown.state is ActionState.UNKNOWN
    if filed:
        bed.append(post.address, "Sent", script.contents[0])
    assert reconcile_due(post.database, lambda: MONDAY + timedelta(minutes=1), post.hands()) == 1
    settled = post.actions()[0]
    assert (settled.state, settled.reason, post.spent()) == (state, reason, 1)
    assert len(script.contents) == 1
