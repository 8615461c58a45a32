"""What a mail that came in does to its lead: once, before the next gate, and to nobody else."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from engine import incoming_keeping, mailboxes, recovery
from engine.channels.effects import Accepted, Failed, Outcome, Uncertain
from engine.channels.incoming import reading, wishes
from engine.desk import perform
from engine.warm_up_letters import HEADER, signature
from storage.database import Database
from storage.kinds import OPEN_STATES, ActionState, AlertKind, IncomingKind, LeadState, Reason
from storage.ledger import Note, move
from storage.tables import Action, Alert, Audit, Identity, LeadPause, Mailbox
from storage.vault import Place
from tests import makers
from tests.incoming.post import KEYS, VAULT, Post
from tests.makers import MONDAY, OWNER

GONE = ("550 5.1.1 <x>: Recipient address rejected: User unknown", "5.1.1")
ACTIVE = (LeadState.ACTIVE, None)
TUESDAY = datetime(2026, 12, 8, tzinfo=ZoneInfo("Europe/Madrid"))  # the day after a return on Monday


@pytest.fixture
def post(database: Database) -> Post:
    return Post(database)


def test_a_reply_ends_the_lead_s_sequence_and_only_that_one(post: Post):
    assert post.comes(post.mail("Sounds good, call me.")) == 1
    assert post.state() == (LeadState.REPLIED, Reason.LEAD_REPLIED)
    assert post.open_steps() == []
    assert (post.state(1), len(post.open_steps(1))) == (ACTIVE, 1)
    assert post.suppressed() == []
    (row,) = post.kept()
    assert (row.kind, row.lead_id, row.sender) == (IncomingKind.REPLY, post.leads[0].id, post.leads[0].email)
    assert row.text == "Sounds good, call me."
    assert row.raw is not None
    assert "Sounds good" in VAULT.open(row.raw, Place(row.workspace_id, "incoming_mail", row.id, "raw"))


def test_the_same_mail_is_handled_once_wherever_it_lies(post: Post):
    reply = post.mail("Yes.")
    assert post.comes(reply, reply) == 1
    assert post.comes(reply, folder="Junk") == 0
    nameless = reply.replace(b"Message-ID", b"X-Was")
    assert (post.comes(nameless), post.comes(nameless)) == (1, 0)


@pytest.mark.parametrize("shape", ["references", "by address", "another person in the thread"])
def test_a_reply_is_found_by_its_thread_or_by_the_address(post: Post, shape: str):
    headers = {
        "references": {"In_Reply_To": "<gone@x.test>", "References": f"<a@b.test> {post.message_id(0)}"},
        "by address": {"In_Reply_To": "<rewritten@x.test>"},
        "another person in the thread": {"From": "boss@radium.test"},
    }[shape]
    post.comes(post.mail("Yes.", **headers))
    assert post.state()[0] is LeadState.REPLIED


def test_other_people_s_post_changes_nothing_and_nothing_of_it_is_kept(post: Post):
    post.comes(post.mail("The minutes of our board meeting", number=None, subject="Secret"))
    (row,) = post.kept()
    assert (row.kind, row.lead_id, row.sender, row.subject, row.text, row.raw) == (
        IncomingKind.OTHER,
        None,
        "",
        "",
        "",
        None,
    )
    assert [post.state(number) for number in range(3)] == [ACTIVE] * 3


def test_an_answer_to_the_last_step_counts_too(database: Database):
    post = Post(database, steps=1)
    assert post.state()[0] is LeadState.FINISHED
    post.comes(post.mail("Yes."))
    assert post.state() == (LeadState.REPLIED, Reason.LEAD_REPLIED)


def test_a_lead_of_another_workspace_is_out_of_reach(database: Database):
    ours, theirs = Post(database), Post(database)
    ours.comes(theirs.mail("Yes."))
    assert (theirs.state(), ours.state()) == (ACTIVE, ACTIVE)


def test_a_hard_bounce_suppresses_the_person_in_the_whole_workspace(post: Post):
    with post.database.write() as session:
        other = makers.campaign(session, session.merge(post.ada))
        twin = makers.lead(session, other, email=post.leads[0].email, state=LeadState.ACTIVE, mailbox_id=post.box.id)
    post.comes(post.bounce(0, *GONE))
    assert post.state() == (LeadState.BOUNCED, Reason.LEAD_BOUNCED)
    assert post.suppressed() == [post.leads[0].email]
    with post.database.read() as session:
        assert session.get_one(type(twin), twin.id).state is LeadState.BOUNCED
        lines = [line.what for line in session.scalars(select(Audit).order_by(Audit.id))]
    assert lines == ["suppressions.added", "campaign.finished"]  # its twin's campaign had nobody else
    post.comes(post.bounce(0, *GONE))  # twice told is once done
    assert post.suppressed() == [post.leads[0].email]


def test_a_bounce_of_somebody_else_than_the_lead_condemns_nobody(post: Post):
    post.comes(post.bounce(0, *GONE, recipient="forwarded@else.test"))
    assert (post.state(), post.suppressed(), post.kept()[0].kind) == (ACTIVE, [], IncomingKind.SOFT_BOUNCE)


def test_a_server_that_still_tries_counts_for_nothing(post: Post):
    for _ in range(3):
        post.comes(post.bounce(0, "451 4.4.1 will keep trying", "4.4.1", action="delayed"))
        if post.open_steps():
            post.send(post.leads[0].id)
    with post.database.read() as session:
        assert session.scalars(select(LeadPause)).all() == []


def test_an_out_of_office_is_no_reply_and_moves_the_next_step(post: Post):
    (before,) = post.open_steps()
    away = {"Auto_Submitted": "auto-replied"}
    post.comes(post.mail("I am back on 7 December 2026.", subject="Automatic reply", **away))
    post.comes(post.mail("I am away.", number=1, subject="Automatic reply", **away))
    assert post.state() == ACTIVE
    (step,), (other,) = post.open_steps(), post.open_steps(1)
    assert before.due_at == MONDAY + timedelta(days=1)
    assert (step.due_at, step.reason) == (TUESDAY, Reason.OUT_OF_OFFICE)
    assert other.due_at == post.now + timedelta(days=7)
    post.comes(post.mail("I am back on 3 December 2026.", subject="Automatic reply", **away))
    assert post.open_steps()[0].due_at == step.due_at  # never earlier


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_the_day_after_the_return_is_the_identity_s_own(post: Post, zone: str):
    with post.database.write() as session:
        session.execute(update(Identity).values(zone=zone))
    post.comes(post.mail("I am back on 7 December 2026.", subject="Automatic reply", Auto_Submitted="auto-replied"))
    assert post.open_steps()[0].due_at == datetime(2026, 12, 8, tzinfo=ZoneInfo(zone))


NOTHING_SENT = Failed(Reason.PROVIDER_BUSY, "450 4.2.1 greylisted", permanent=False, retry_after=timedelta(minutes=15))


@pytest.mark.parametrize("outcome", [Accepted({}), NOTHING_SENT, Uncertain("no answer")])
def test_an_out_of_office_that_comes_while_a_step_is_on_its_way_moves_what_comes_next(post: Post, outcome: Outcome):
    entry, epoch = post.begin_sending(post.leads[0].id)
    away = post.mail("I am back on 7 December 2026.", subject="Automatic reply", Auto_Submitted="auto-replied")
    post.comes(away)
    assert post.kept()[0].reason is Reason.OUT_OF_OFFICE
    post.settle(entry, epoch, outcome, post.now)
    if isinstance(outcome, Uncertain):
        with post.database.write() as session:  # the Sent folder proves that it did not go
            unknown = replace(entry, state=ActionState.UNKNOWN)
            move(session, unknown, ActionState.RECONCILING, Note(post.now, post.now.date(), "worker"))
            recovery._not_sent(session, replace(entry, state=ActionState.RECONCILING), post.now, {})
    with post.database.read() as session:
        (step,) = session.scalars(select(Action).where(Action.lead_id == post.leads[0].id, Action.state.in_(OPEN_STATES)))
        assert (step.due_at, step.reason) == (TUESDAY, Reason.OUT_OF_OFFICE)
        assert (step.id == entry.id) is not isinstance(outcome, Accepted)


@pytest.mark.parametrize(
    ("text", "state", "reason"),
    [("Please remove me from your list.", LeadState.UNSUBSCRIBED, Reason.LEAD_UNSUBSCRIBED)],
)
def test_a_wish_to_be_left_alone_is_kept_for_good(post: Post, text: str, state: LeadState, reason: Reason):
    post.comes(post.mail(text))
    assert (post.state(), post.suppressed()) == ((state, reason), [post.leads[0].email])


def test_a_complaint_suppresses_and_alerts(post: Post):
    report = (
        f"From: feedback@isp.test\nTo: {post.box.address}\nSubject: Complaint\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n--b\nContent-Type: text/plain\n\nx\n\n'
        "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n"
        f"--b\nContent-Type: message/rfc822\n\nMessage-ID: {post.message_id(0)}\nTo: redacted@isp.test\n\nx\n--b--\n"
    )
    post.comes(report.encode())
    assert (post.state(), post.suppressed()) == ((LeadState.UNSUBSCRIBED, Reason.COMPLAINED), [post.leads[0].email])
    with post.database.read() as session:
        assert [alert.kind for alert in session.scalars(select(Alert))] == [AlertKind.COMPLAINT]


def test_warm_up_mail_is_asked_for_first(post: Post):
    for known in (True, False):
        identifier = f"<warm-{known}@else.test>"
        signed = signature(KEYS.warm_up if known else b"another", identifier)
        raw = post.mail("No thanks, unsubscribe", **{"Message_ID": identifier, HEADER.replace("-", "_"): signed})
        post.comes(raw)
        assert (post.kept()[-1].kind is IncomingKind.WARM_UP) is known
        assert (post.state() == ACTIVE) is known


def test_a_reply_to_a_lead_that_failed_with_its_address_counts(post: Post):
    do: Any = lambda task, **values: perform(post.database, OWNER, post.ada.workspace_id, post.now, task, **values)  # noqa: E731
    with post.database.write() as session:
        makers.user(session, id=OWNER.user_id)
    do(mailboxes.disconnect, mailbox_id=post.box.id)
    assert post.state() == (LeadState.FAILED, Reason.ADDRESS_DISCONNECTED)
    post.comes(post.mail("Yes."))
    assert post.state() == (LeadState.REPLIED, Reason.LEAD_REPLIED)


def test_more_bounces_than_providers_bear_are_told_once_a_week(database: Database):
    post = Post(database, leads=21, steps=1)
    for number in range(4):
        post.comes(post.bounce(number, *GONE))
    with database.read() as session:
        (alert,) = session.scalars(select(Alert)).all()
        assert (alert.kind, alert.sentence[:20]) == (AlertKind.BOUNCES, "2 of the last 21 mai")


def test_originals_are_forgotten_after_a_month(post: Post):
    post.comes(post.mail("Yes."))
    with post.database.write() as session:
        assert incoming_keeping.forget_raw(session, post.now + timedelta(days=29)) == 0
        assert incoming_keeping.forget_raw(session, post.now + timedelta(days=31)) == 1
    assert (post.kept()[0].raw, post.kept()[0].text) == (None, "Yes.")


def test_the_next_step_is_cancelled_before_any_gate(post: Post):
    post.comes(post.mail("Yes."))
    with post.database.read() as session:
        steps = session.execute(select(Action.state, Action.reason).where(Action.lead_id == post.leads[0].id)).all()
        assert sorted(map(str, (state for state, _ in steps))) == ["accepted", "cancelled"]
        assert (ActionState.CANCELLED, Reason.LEAD_REPLIED) in list(map(tuple, steps))
        assert session.get_one(Mailbox, post.box.id).state.may_send


def test_a_better_reader_asks_again_what_it_still_has(post: Post, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as older:
        older.setattr(wishes, "wants_out", lambda _text: False)
        post.comes(post.mail("Unsubscribe"), post.mail("Call me.", number=1))
    assert post.state() == (LeadState.REPLIED, Reason.LEAD_REPLIED)
    with post.database.write() as session:
        assert incoming_keeping.reread(session, KEYS, post.now) == 0  # by the same version nothing is asked again
    monkeypatch.setattr(reading, "VERSION", reading.VERSION + 1)
    for changed in (1, 0):
        with post.database.write() as session:
            assert incoming_keeping.reread(session, KEYS, post.now) == changed
    assert post.suppressed() == [post.leads[0].email]
    assert [row.kind for row in post.kept()] == [IncomingKind.UNSUBSCRIBE, IncomingKind.REPLY]
    assert {row.reader for row in post.kept()} == {reading.VERSION}
