"""Three soft bounces pause a lead where it is, and it alone; a person lets it go on."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from engine import agenda, booking, campaign_lists, disconnecting, lead_pauses, leads, timelines
from engine.channels.refusals import Stage, refusal
from engine.desk import Denied, Problem, perform
from engine.email_hand import EmailHand
from engine.rules.facts import Run, Wait
from engine.rules.permit import permit
from engine.situations import gather
from storage.database import Database
from storage.kinds import LeadState, Reason, Role
from storage.tables import Audit, Lane, LeadPause
from tests import makers
from tests.dispatch.sink import Sink
from tests.incoming.post import Post
from tests.makers import OWNER

FULL = ("552 5.2.2 Mailbox full", "5.2.2")


class Bouncing(Post):
    def __init__(self, database: Database, steps: int = 8) -> None:
        super().__init__(database, steps=steps)
        with database.write() as session:
            makers.user(session, id=OWNER.user_id)

    def do(self, task: Any, actor: Any = OWNER, **values: Any) -> Any:
        return perform(self.database, actor, self.ada.workspace_id, self.now, task, **values)

    def bounces(self, times: int) -> None:
        """That many mails in a row come back; a server that tells it twice counts once."""
        for number in range(times):
            if number:
                self.send(self.leads[0].id)
            self.comes(self.bounce(0, *FULL), self.bounce(0, *FULL))

    def refuses(self, hand: EmailHand) -> None:
        """The next mail finds the box full at RCPT."""
        refused = refusal(Stage.RECIPIENT, 552, "5.2.2 Mailbox full")
        entry, epoch = self.begin_sending(self.leads[0].id)
        self.settle(entry, epoch, refused, self.now)
        with self.database.write() as session:
            hand.settle(session, entry, refused, self.now)

    def paused(self) -> tuple[Any, ...]:
        line = self.do(leads.look_at, lead_id=self.leads[0].id).line
        return line.state, line.paused

    def verdict(self) -> Any:
        (step,) = self.open_steps()
        with self.database.write() as session:
            session.execute(update(Lane).values(holder=None, lease_until=None))
            return permit(gather(session, [step.id], step.due_at)[step.id], step.due_at)


@pytest.fixture
def post(database: Database) -> Bouncing:
    return Bouncing(database)


HELD = (LeadState.ACTIVE, Reason.SOFT_BOUNCES)
FREE = (LeadState.ACTIVE, None)


def test_the_third_soft_bounce_pauses_the_lead_and_suppresses_nobody(post: Bouncing):
    post.bounces(2)
    assert post.paused() == FREE
    post.send(post.leads[0].id)
    post.bounces(1)
    assert post.paused() == HELD
    assert post.verdict() == Wait(Reason.SOFT_BOUNCES, None)
    assert post.suppressed() == []
    assert post.kept()[-2].reason is Reason.SOFT_BOUNCES
    assert post.do(campaign_lists.look_at, campaign_id=post.campaign.id).paused_leads == 1
    (shown, *_) = post.do(leads.find, campaign_id=post.campaign.id).rows
    assert (shown.state, shown.paused) == HELD


def test_a_refusal_to_our_face_counts_as_one_of_the_three(post: Bouncing, tmp_path: Path):
    post.bounces(2)
    post.send(post.leads[0].id)
    assert post.paused() == FREE
    post.refuses(EmailHand(Sink(tmp_path / "sink").hands()))
    assert post.paused() == HELD
    assert post.suppressed() == []


def test_a_report_after_refusals_counts_as_one_of_the_three(post: Bouncing, tmp_path: Path):
    post.bounces(1)
    post.send(post.leads[0].id)
    hand = EmailHand(Sink(tmp_path / "sink").hands())
    post.refuses(hand)
    post.comes(post.bounce(0, *FULL))  # of the mail before that one, which its server held for days
    assert post.paused() == HELD


def test_a_paused_lead_keeps_nobody_behind_it_waiting(post: Bouncing):
    post.bounces(3)
    (held,), (behind,) = post.open_steps(0), post.open_steps(1)
    with post.database.write() as session:
        session.execute(update(Lane).values(holder=None, lease_until=None))
        assert held.due_at <= behind.due_at
        choice = booking.choose(session, held.lane_id, behind.due_at + timedelta(minutes=1), "worker")
        assert choice is not None
        assert choice.booking.entry.id == behind.id


def test_continued_by_a_person_it_goes_on_and_is_counted_anew(post: Bouncing):
    post.bounces(3)
    with post.database.write() as session:
        session.execute(update(Lane).values(wake_at=None))
    post.now += timedelta(hours=1)
    post.do(lead_pauses.go_on, lead_id=post.leads[0].id)
    assert (post.paused(), isinstance(post.verdict(), Run)) == (FREE, True)
    with post.database.read() as session:
        assert agenda.due_lanes(session, post.now, 10) != []
        assert [line.what for line in session.scalars(select(Audit).order_by(Audit.id))] == ["lead.paused", "lead.continued"]
    with pytest.raises(Problem, match="not paused any more"):
        post.do(lead_pauses.go_on, lead_id=post.leads[0].id)
    words = [moment.words for moment in post.do(timelines.of_lead, lead_id=post.leads[0].id)]
    assert words.index("Sequence paused") < words.index("Sequence continued by owner@outpost.test")
    post.now += timedelta(hours=1)
    post.send(post.leads[0].id)
    post.bounces(2)
    assert post.paused() == FREE
    post.send(post.leads[0].id)
    post.bounces(1)
    assert post.paused() == HELD


def test_only_who_manages_lets_it_go_on(post: Bouncing):
    post.bounces(3)
    with post.database.write() as session:
        ops = makers.member(session, post.ada.workspace_id, Role.OPS)
    with pytest.raises(Denied):
        post.do(lead_pauses.go_on, actor=ops, lead_id=post.leads[0].id)
    assert post.paused() == HELD


def test_a_pause_outlives_a_disconnection_and_a_reply_ends_the_lead_as_ever(post: Bouncing):
    post.bounces(3)
    with post.database.write() as session:
        disconnecting.fail_leads(session, post.box.id, "x", post.now)
    assert post.paused() == (LeadState.FAILED, None)
    with post.database.write() as session:
        disconnecting.heal(session, post.box.id, "x", post.now)
    assert post.paused() == HELD
    post.comes(post.mail("Yes."))
    assert post.paused() == (LeadState.REPLIED, None)


def test_a_lead_that_is_over_is_not_paused(database: Database):
    post = Bouncing(database, steps=3)
    post.bounces(3)
    assert post.paused() == (LeadState.FINISHED, None)
    with database.read() as session:
        assert session.scalars(select(LeadPause)).all() == []
