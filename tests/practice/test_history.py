"""The practice workspace's past obeys every rule that the product promises, since the product itself made it."""

import hashlib
import itertools
from collections import Counter
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from engine.rules.hours import window_at
from engine.situations import working_hours
from storage.database import open_database
from storage.kinds import ActionState, CampaignState, IncomingKind, LeadState, MailboxState
from storage.tables import (
    Action,
    Campaign,
    Event,
    Identity,
    IncomingMail,
    Lane,
    Lead,
    LimitSetting,
    Mailbox,
    QuotaUse,
    Spend,
    Step,
)
from tests.practice.conftest import MONDAY, Past, write_past


def test_it_is_believable(past: Past) -> None:
    states = Counter(past.session.scalars(select(Campaign.state)))
    assert states[CampaignState.DRAFT] == 1
    assert states[CampaignState.PAUSED] == 1
    assert states[CampaignState.RUNNING] >= 3
    assert states[CampaignState.FINISHED] >= 5
    assert past.session.scalar(select(func.count()).select_from(Identity)) == 12
    assert past.session.scalar(select(func.count()).select_from(Lead)) >= 600
    assert _count(past.session, Action.state.in_((ActionState.ACCEPTED, ActionState.CONFIRMED))) > 800
    assert _count(past.session, Action.state == ActionState.PARKED) == 1
    mailboxes = past.session.scalars(select(Mailbox)).all()
    assert [box.state for box in mailboxes].count(MailboxState.RECONNECT_NEEDED) == 1
    assert len([box for box in mailboxes if box.paused_at]) == 1


def test_it_is_made_while_somebody_waits(past: Past) -> None:
    assert past.seconds < 60


def test_it_ends_before_the_practice_day_begins(past: Past) -> None:
    first, last = past.session.execute(select(func.min(Event.at), func.max(Event.at))).one()
    assert first < MONDAY - timedelta(days=110)
    assert MONDAY - timedelta(days=4) < last < MONDAY


def test_nothing_began_outside_the_hours_of_its_identity(past: Past) -> None:
    ids = past.session.scalars(select(Identity.id)).all()
    hours = working_hours(past.session, ids, MONDAY)
    began = past.session.execute(select(Event.identity_id, Event.at).where(Event.after == ActionState.SENDING)).all()
    assert len(began) > 800
    assert [(identity, at) for identity, at in began if window_at(hours[identity], at) is None] == []


def test_no_day_is_over_its_limit(past: Past) -> None:
    for lane, day, used in past.session.execute(select(QuotaUse.lane_id, QuotaUse.local_day, QuotaUse.used)):
        highest = past.session.scalar(select(func.max(LimitSetting.value)).where(LimitSetting.lane_id == lane))
        assert used <= (highest or 0), (lane, day)
    spent = Counter(past.session.execute(select(Spend.lane_id, Spend.local_day).where(Spend.given_back_at.is_(None))))
    booked = past.session.execute(select(QuotaUse.lane_id, QuotaUse.local_day, QuotaUse.used)).all()
    assert {(lane, day): used for lane, day, used in booked if used} == spent


def test_two_mails_of_one_address_are_a_gap_apart(past: Past) -> None:
    for lane in past.session.scalars(select(Lane)).all():
        began = past.session.scalars(
            select(Event.at).where(Event.lane_id == lane.id, Event.after == ActionState.SENDING).order_by(Event.at)
        ).all()
        assert all(later - earlier >= timedelta(seconds=600) for earlier, later in itertools.pairwise(began))


def test_every_action_that_was_planned_is_accounted_for(past: Past) -> None:
    planned = past.session.scalar(select(func.count()).select_from(Event).where(Event.before.is_(None)))
    assert planned == _count(past.session, Action.id > 0)
    assert _count(past.session, Action.state.in_((ActionState.RESERVED, ActionState.SENDING))) == 0


def test_a_follow_up_comes_after_the_step_before_it_and_from_the_same_address(past: Past) -> None:
    earlier, later, before, after = aliased(Action), aliased(Action), aliased(Step), aliased(Step)
    rows = past.session.execute(
        select(earlier.final_at, later.sending_at, earlier.lane_id, later.lane_id)
        .join(before, before.id == earlier.step_id)
        .join(later, later.lead_id == earlier.lead_id)
        .join(after, (after.id == later.step_id) & (after.position == before.position + 1))
        .where(later.sending_at.is_not(None))
    ).all()
    assert len(rows) > 300
    assert all(ended < began and old_lane == new_lane for ended, began, old_lane, new_lane in rows)


def test_nobody_who_answered_has_anything_open(past: Past) -> None:
    ended = (LeadState.REPLIED, LeadState.BOUNCED, LeadState.UNSUBSCRIBED)
    open_ones = past.session.scalar(
        select(func.count())
        .select_from(Action)
        .join(Lead, Lead.id == Action.lead_id)
        .where(Lead.state.in_(ended), Action.state.in_((ActionState.PLANNED, ActionState.DUE)))
    )
    assert open_ones == 0
    assert past.session.scalar(select(func.count()).select_from(Lead).where(Lead.state == LeadState.REPLIED)) > 30


def test_what_a_person_answered_can_be_read_beside_the_mail_it_answers(past: Past) -> None:
    replied = set(past.session.scalars(select(Lead.id).where(Lead.state == LeadState.REPLIED)))
    answers = past.session.execute(
        select(
            IncomingMail.lead_id, IncomingMail.text, Action.lead_id, Action.state, Action.final_at, IncomingMail.arrived_at
        )
        .join(Action, Action.id == IncomingMail.action_id)
        .where(IncomingMail.kind == IncomingKind.REPLY)
    ).all()
    assert {row[0] for row in answers} == replied
    assert all(text and lead == of and state.is_sent and sent < came for lead, text, of, state, sent, came in answers)


def test_one_seed_makes_one_history(past: Past, tmp_path: Path) -> None:
    url, _ = write_past(tmp_path)
    again = open_database(url)
    with again.read() as session:
        assert _fingerprint(session) == _fingerprint(past.session)
    again.close()


def _count(session: Session, condition: object) -> int:
    return session.scalar(select(func.count()).select_from(Action).where(condition)) or 0  # type: ignore[arg-type]


def _fingerprint(session: Session) -> str:
    lines = session.execute(select(Event.at, Event.action_id, Event.after, Event.reason, Event.spent).order_by(Event.id))
    return hashlib.sha256(repr(lines.all()).encode()).hexdigest()
