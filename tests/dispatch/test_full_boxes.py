"""A box that is full at RCPT is a soft bounce: the mail is tried again a day later, and the third time holds the lead."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from engine import bounce_rates, lead_pauses
from engine.channels.refusals import Stage, refusal
from engine.desk import perform
from engine.dispatch import attend
from engine.rules.facts import Wait
from engine.rules.permit import permit
from engine.situations import gather
from storage.database import Database
from storage.kinds import ActionState, LeadState, Reason
from storage.tables import Action, Event, Lane, Lead, LeadPause, QuotaUse, Suppression
from tests.dispatch.sink import Sink, lanes_with_work
from tests.makers import MONDAY, OWNER

DAY = timedelta(days=1)
FULL = refusal(Stage.RECIPIENT, 552, "5.2.2 Mailbox is full")


class Mail:
    """One lead with one mail, at a server that says its box is full."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.sink = database, Sink(folder / "sink", lambda _letter: FULL)
        (self.lane,) = lanes_with_work(database, leads=1)

    def attempt(self, at: datetime) -> ActionState | None:
        return attend(self.database, self.lane, lambda: at, "w", self.sink.hands()).state

    def lead(self) -> tuple[LeadState, bool]:
        with self.database.read() as session:
            pauses = session.scalars(select(LeadPause).where(LeadPause.ended_at.is_(None))).all()
            return session.scalars(select(Lead.state)).one(), bool(pauses)

    def verdict(self, at: datetime) -> object:
        with self.database.write() as session:
            session.execute(update(Lane).values(holder=None, lease_until=None))
            action_id = session.scalars(select(Action.id)).one()
            return permit(gather(session, [action_id], at)[action_id], at)


@pytest.fixture
def mail(database: Database, tmp_path: Path) -> Mail:
    return Mail(database, tmp_path)


def test_the_third_refusal_holds_the_lead_on_its_step_and_suppresses_nobody(mail: Mail):
    for day in range(3):
        assert mail.lead() == (LeadState.ACTIVE, False)
        assert mail.attempt(MONDAY + day * DAY) is ActionState.FAILED_TEMPORARY
        assert mail.attempt(MONDAY + day * DAY + timedelta(hours=23)) is None
    assert mail.lead() == (LeadState.ACTIVE, True)
    assert mail.attempt(MONDAY + 4 * DAY) is None
    assert mail.verdict(MONDAY + 4 * DAY) == Wait(Reason.SOFT_BOUNCES, None)
    with mail.database.read() as session:
        assert session.scalars(select(Suppression)).all() == []
        assert set(session.scalars(select(QuotaUse.used))) == {0}
        mailbox_id = session.get_one(Lane, mail.lane).mailbox_id or 0
        assert bounce_rates.rate_of(session, mailbox_id, MONDAY + 3 * DAY).bounced == 0
        tried = select(Event.reason).where(Event.after == ActionState.FAILED_TEMPORARY)
        assert session.scalars(tried).all() == [Reason.RECIPIENT_FULL] * 3


def test_let_go_on_by_a_person_the_same_mail_goes_out_and_refusals_count_anew(mail: Mail):
    for day in range(3):
        mail.attempt(MONDAY + day * DAY)
    for round_ in (1, 2):  # the sixth refusal of one mail ends no lead: it is no fault of the mail
        begin = MONDAY + round_ * 7 * DAY
        with mail.database.read() as session:
            lead = session.scalars(select(Lead)).one()
        perform(mail.database, OWNER, lead.workspace_id, begin, lead_pauses.go_on, lead_id=lead.id)
        for day in range(3):
            assert mail.lead() == (LeadState.ACTIVE, False)
            assert mail.attempt(begin + day * DAY + timedelta(minutes=1)) is ActionState.FAILED_TEMPORARY
        assert mail.lead() == (LeadState.ACTIVE, True)
    perform(mail.database, OWNER, lead.workspace_id, MONDAY + 21 * DAY, lead_pauses.go_on, lead_id=lead.id)
    mail.sink.answer = lambda _letter: None
    assert mail.attempt(MONDAY + 21 * DAY + timedelta(minutes=1)) is ActionState.ACCEPTED
    assert mail.lead() == (LeadState.FINISHED, False)
