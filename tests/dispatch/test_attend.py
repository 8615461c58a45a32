"""What one visit to a lane does, gate by gate: G1, G3, G4, G5, G6, G7."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import agenda, freezes, sequence, stops
from engine.booking import reserve
from engine.channels.effects import Failed, Letter, MailAccount, Uncertain
from engine.desk import Problem
from engine.dispatch import Attended, attend, open_gate
from engine.recovery import reconcile_due, recover
from engine.rounds import carry_on
from storage.database import Database
from storage.kinds import (
    ActionKind,
    ActionState,
    CampaignState,
    LeadState,
    MailboxState,
    QuotaClock,
    Reason,
    SuppressionKind,
)
from storage.tables import Action, Audit, Campaign, Event, Identity, Lane, Lead, LimitSetting, Mailbox, Spend, Suppression
from tests import makers
from tests.dispatch.sink import ALWAYS, Sink, lanes_with_work
from tests.makers import MONDAY

MADRID_OFFICE = {"zone": "Europe/Madrid", "work_days": [1, 2, 3, 4, 5], "work_start": 540, "work_end": 1080}


@pytest.fixture
def sink(tmp_path: Path) -> Sink:
    return Sink(tmp_path / "sink")


def visit(database: Database, lane_id: int, sink: Sink, at: datetime = MONDAY) -> Attended:
    return attend(database, lane_id, lambda: at, "worker-1", sink.hands())


def whole_days(database: Database, lane_id: int, sink: Sink, begins: datetime, hours: int) -> None:
    for minutes in range(0, hours * 60, 10):
        visit(database, lane_id, sink, begins + timedelta(minutes=minutes))


def spent(database: Database) -> int:
    with database.read() as session:
        return len(session.scalars(select(Spend.id).where(Spend.given_back_at.is_(None))).all())


def states(database: Database) -> list[ActionState]:
    with database.read() as session:
        return list(session.scalars(select(Action.state).order_by(Action.id)))


def change(database: Database, table: type, **values: object) -> None:
    with database.write() as session:
        session.execute(update(table).values(**values))


def test_g1_a_second_visit_does_not_send_again(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    assert [visit(database, lane, sink).state for _ in range(3)] == [ActionState.ACCEPTED, None, None]
    assert len(sink.message_ids()) == 1


def test_g1_an_unknown_outcome_is_looked_up_and_not_sent_again(database: Database, sink: Sink) -> None:
    sink.answer = lambda _letter: Uncertain("no answer")
    (lane,) = lanes_with_work(database, leads=1)
    assert visit(database, lane, sink).state is ActionState.UNKNOWN
    assert reconcile_due(database, lambda: MONDAY + timedelta(minutes=1), sink.hands()) == 1
    assert (states(database), len(sink.message_ids()), spent(database)) == ([ActionState.ACCEPTED], 1, 1)


@pytest.mark.parametrize(("limit", "sent"), [(0, 0), (1, 1), (7, 7), (50, 30)])
def test_g3_and_g14_a_day_sends_its_limit_and_no_more(database: Database, sink: Sink, limit: int, sent: int) -> None:
    (lane,) = lanes_with_work(database, leads=30, limit=limit, hours=MADRID_OFFICE)
    whole_days(database, lane, sink, MONDAY.replace(hour=8), 10)
    assert (len(sink.message_ids()), spent(database)) == (sent, sent)


def test_g3_a_limit_lowered_at_noon_holds_at_once(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=30, limit=20, hours=MADRID_OFFICE)
    whole_days(database, lane, sink, MONDAY.replace(hour=8), 3)
    before = len(sink.message_ids())
    assert 0 < before < 20
    day = {"lane_id": lane, "kind": ActionKind.EMAIL, "clock": QuotaClock.LOCAL_DAY}
    with database.write() as session:
        session.add(LimitSetting(**day, value=before + 1, since=MONDAY.replace(hour=11)))
    whole_days(database, lane, sink, MONDAY.replace(hour=11), 7)
    assert len(sink.message_ids()) == before + 1


def test_g3_a_zone_changed_at_noon_gives_no_second_quota(database: Database, sink: Sink) -> None:
    far_east = {**ALWAYS, "zone": "Pacific/Kiritimati"}
    (lane,) = lanes_with_work(database, leads=30, limit=5, hours=far_east)
    whole_days(database, lane, sink, MONDAY.replace(hour=10), 24)  # one whole local day of UTC+14
    change(database, Identity, zone="Pacific/Pago_Pago")  # 25 hours west: the same date begins once more
    already = len(sink.message_ids())
    whole_days(database, lane, sink, MONDAY.replace(hour=10) + timedelta(days=1), 1)
    assert (already, len(sink.message_ids())) == (5, 5)


def test_a_zone_moved_west_promises_no_day_that_is_spent_already(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=2, limit=1, hours={**ALWAYS, "zone": "Pacific/Auckland"})
    noon = MONDAY + timedelta(hours=20)  # Tuesday 19:00 in Auckland, Monday 20:00 in Honolulu
    assert visit(database, lane, sink, noon).state is ActionState.ACCEPTED
    change(database, Identity, zone="Pacific/Honolulu")
    assert visit(database, lane, sink, noon).state is None
    with database.read() as session:
        until = session.scalars(select(Action.wait_until).where(Action.reason == Reason.DAY_LIMIT)).one()
    assert until == datetime(2026, 11, 25, 10, tzinfo=UTC)  # Wednesday 00:00 there
    visit(database, lane, sink, until)
    with database.read() as session:  # a promise: asked again then, it does not wait for the same reason
        assert session.scalars(select(Action.reason).where(Action.final_at.is_(None))).one() is not Reason.DAY_LIMIT


def test_g4_nothing_begins_outside_the_window(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=30, hours=MADRID_OFFICE)
    whole_days(database, lane, sink, MONDAY.replace(hour=17), 15)  # 18:00 to 08:50 in Madrid
    assert sink.message_ids() == []


def test_g4_a_booking_that_outlives_its_window_is_handed_back(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=1, hours=MADRID_OFFICE)
    with database.write() as session:
        booking = reserve(session, lane, MONDAY, "worker-1")
    assert booking is not None
    with database.write() as session:
        assert open_gate(session, booking, booking.not_after, sink.hands()) is None
    assert (states(database), spent(database)) == ([ActionState.DUE], 0)


def _press(database: Database) -> None:
    with database.write() as session:
        workspace_id = session.scalars(select(Lane.workspace_id)).first()
        stops.press_workspace(makers.desk(session, workspace_id))


CHANGES = {
    "Stop": (_press, ActionState.DUE),
    "the campaign paused": (lambda one: change(one, Campaign, state=CampaignState.PAUSED), ActionState.DUE),
    "the address paused": (lambda one: change(one, Mailbox, paused_at=MONDAY), ActionState.DUE),
    "the address ended": (lambda one: change(one, Mailbox, state=MailboxState.RECONNECT_NEEDED), ActionState.DUE),
    "a reply": (lambda one: change(one, Lead, state=LeadState.REPLIED), ActionState.SKIPPED),
}


@pytest.mark.parametrize("what", CHANGES)
def test_g5_what_commits_between_booking_and_sending_is_seen_at_the_last_gate(
    database: Database, sink: Sink, what: str
) -> None:
    commit, after = CHANGES[what]
    (lane,) = lanes_with_work(database, leads=1)
    with database.write() as session:
        booking = reserve(session, lane, MONDAY, "worker-1")
    assert booking is not None
    commit(database)
    with database.write() as session:
        assert open_gate(session, booking, MONDAY, sink.hands()) is None
    assert (states(database), spent(database)) == ([after], 0)


def test_g6_a_held_lane_books_nothing_for_somebody_else(database: Database) -> None:
    (lane,) = lanes_with_work(database, leads=3)
    with database.write() as session:
        assert reserve(session, lane, MONDAY, "worker-1") is not None
        assert reserve(session, lane, MONDAY, "worker-2") is None
        assert reserve(session, lane, MONDAY, "worker-1") is None


def test_g6_a_holder_that_was_given_up_can_not_send(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    with database.write() as session:
        late = reserve(session, lane, MONDAY, "worker-1")
    assert late is not None
    assert recover(database, "worker-2", MONDAY + timedelta(minutes=6), alone=False) == 1
    with database.write() as session:
        assert open_gate(session, late, MONDAY + timedelta(minutes=6), sink.hands()) is None
    assert (states(database), spent(database)) == ([ActionState.DUE], 0)


def test_g7_the_next_step_is_planned_when_the_one_before_is_final(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=1, steps=2)
    assert visit(database, lane, sink).state is ActionState.ACCEPTED
    assert states(database) == [ActionState.ACCEPTED, ActionState.PLANNED]
    assert visit(database, lane, sink, MONDAY + timedelta(hours=23)).state is None
    assert visit(database, lane, sink, MONDAY + timedelta(hours=25)).state is ActionState.ACCEPTED
    with database.read() as session:
        assert session.scalars(select(Lead.state)).one() is LeadState.FINISHED
        assert session.scalars(select(Campaign.state)).one() is CampaignState.FINISHED
        line = session.scalars(select(Audit)).one()
        assert (line.actor, line.what, line.subject) == ("worker", "campaign.finished", "campaign:1")


def test_g7_a_reply_ends_the_sequence_before_the_next_step(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=1, steps=2)
    visit(database, lane, sink)
    with database.write() as session:
        leads = session.scalars(select(Lead.id)).all()
        sequence.end(session, leads, LeadState.REPLIED, Reason.LEAD_REPLIED, "worker", MONDAY)
    whole_days(database, lane, sink, MONDAY + timedelta(days=1), 24)
    assert (states(database), len(sink.message_ids())) == ([ActionState.ACCEPTED, ActionState.CANCELLED], 1)


def test_a_failure_gives_its_quota_back_and_six_are_enough(database: Database, sink: Sink) -> None:
    sink.answer = lambda _letter: Failed(Reason.PROVIDER_BUSY, "451 later", permanent=False)
    (lane,) = lanes_with_work(database, leads=1)
    whole_days(database, lane, sink, MONDAY, 24)
    assert (states(database), spent(database)) == ([ActionState.FAILED_PERMANENT], 0)
    with database.read() as session:
        final = session.scalars(select(Action)).one()
        assert (final.attempt, final.reason) == (6, Reason.TOO_MANY_ATTEMPTS)


@pytest.mark.parametrize("trouble", [Reason.UNREACHABLE, Reason.PROVIDER_LIMIT])
def test_a_day_without_the_server_ends_no_lead(database: Database, sink: Sink, trouble: Reason) -> None:
    sink.answer = lambda _letter: Failed(trouble, "not today", permanent=False)
    (lane,) = lanes_with_work(database, leads=1)
    whole_days(database, lane, sink, MONDAY, 48)
    assert (states(database), spent(database)) == ([ActionState.FAILED_TEMPORARY], 0)
    sink.answer = lambda _letter: None
    whole_days(database, lane, sink, MONDAY + timedelta(days=2), 24)
    assert states(database) == [ActionState.ACCEPTED]


def test_a_suppressed_person_is_skipped_and_the_next_one_is_served(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=2)
    with database.write() as session:
        first = session.scalars(select(Lead).order_by(Lead.id)).first()
        assert first is not None
        listed = {"workspace_id": first.workspace_id, "kind": SuppressionKind.ADDRESS, "value": first.email}
        session.add(Suppression(**listed, since=MONDAY))
    assert visit(database, lane, sink).state is ActionState.ACCEPTED
    assert sorted(states(database)) == [ActionState.ACCEPTED, ActionState.SKIPPED]


def test_an_address_without_a_password_waits_for_a_person_and_loses_no_lead(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=2)

    def gone(_session: Session, mailbox: Mailbox) -> MailAccount:
        raise Problem(f"{mailbox.address} has no password any more; reconnect it.")

    hands = replace(sink.hands(), account_for=gone)
    assert attend(database, lane, lambda: MONDAY, "worker-1", hands).state is None
    assert (sorted(states(database)), spent(database)) == ([ActionState.DUE, ActionState.PLANNED], 0)
    with database.read() as session:
        mailbox = session.scalars(select(Mailbox)).one()
        assert mailbox.state is MailboxState.RECONNECT_NEEDED
        assert mailbox.state_note.endswith("has no password any more; reconnect it.")
        line = session.scalars(select(Audit)).one()
        assert (line.what, line.old) == ("mailbox.state_changed", {"state": "ok"})
        assert line.new == {"state": "reconnect_needed", "why": mailbox.state_note}
        assert session.scalars(select(Action.reason).where(Action.state == ActionState.DUE)).one() is Reason.RECONNECT_NEEDED
        assert set(session.scalars(select(Lead.state))) == {LeadState.ACTIVE}
    change(database, Mailbox, state=MailboxState.OK)
    assert visit(database, lane, sink).state is ActionState.ACCEPTED


def test_a_text_that_lacks_a_field_is_skipped_and_the_next_lead_is_served(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=2)
    with database.write() as session:
        first = session.scalars(select(Lead).order_by(Lead.id)).first()
        assert first is not None
        first.first_name = ""
    assert [visit(database, lane, sink).state for _ in range(2)] == [None, ActionState.ACCEPTED]
    assert (sorted(states(database)), spent(database)) == ([ActionState.ACCEPTED, ActionState.SKIPPED], 1)


@pytest.mark.parametrize("temporary", [0, 1])
def test_g14_the_end_of_a_temporary_limit_wakes_the_lane(database: Database, sink: Sink, temporary: int) -> None:
    (lane,) = lanes_with_work(database, leads=3)
    ends = MONDAY + timedelta(hours=2)
    day = {"lane_id": lane, "kind": ActionKind.EMAIL, "clock": QuotaClock.LOCAL_DAY}
    with database.write() as session:
        session.add(LimitSetting(**day, value=temporary, since=MONDAY - timedelta(days=1), until=ends))
    for minutes in range(temporary):
        visit(database, lane, sink, MONDAY + timedelta(minutes=minutes))
    assert visit(database, lane, sink, MONDAY + timedelta(minutes=30)).state is None
    with database.read() as session:
        assert (agenda.due_lanes(session, ends - timedelta(seconds=1), 5), agenda.due_lanes(session, ends, 5)) == (
            [],
            [lane],
        )
    assert visit(database, lane, sink, ends).state is ActionState.ACCEPTED


@pytest.mark.parametrize("first", [0, 1])
def test_g14_a_ramp_s_step_that_begins_at_noon_wakes_the_lane(database: Database, sink: Sink, first: int) -> None:
    (lane,) = lanes_with_work(database, leads=3)
    begins = MONDAY + timedelta(hours=2)
    day = {"lane_id": lane, "kind": ActionKind.EMAIL, "clock": QuotaClock.LOCAL_DAY}
    with database.write() as session:
        session.add(LimitSetting(**day, value=first, since=MONDAY - timedelta(days=1)))
        session.add(LimitSetting(**day, value=50, since=begins))
        session.add(LimitSetting(**{**day, "kind": ActionKind.WARM_UP_MAIL}, value=50, since=begins - timedelta(hours=1)))
    for minutes in range(first):
        visit(database, lane, sink, MONDAY + timedelta(minutes=minutes))
    assert visit(database, lane, sink, MONDAY + timedelta(minutes=30)).state is None
    with database.read() as session:
        assert agenda.due_lanes(session, begins - timedelta(seconds=1), 5) == []
        assert agenda.due_lanes(session, begins, 5) == [lane]
    assert visit(database, lane, sink, begins).state is ActionState.ACCEPTED


def test_a_clock_set_back_between_sending_and_recording_does_not_hide_that_it_went_back(
    database: Database, sink: Sink
) -> None:
    lane = lanes_with_work(database, lanes=1, leads=2)[0]
    instants = iter([MONDAY, MONDAY, MONDAY - timedelta(hours=1)])
    assert attend(database, lane, lambda: next(instants), "worker-1", sink.hands()).state is ActionState.ACCEPTED
    later = MONDAY - timedelta(minutes=30)
    assert visit(database, lane, sink, later) == Attended()
    with database.read() as session:
        assert session.scalars(select(Action.reason).where(Action.final_at.is_(None))).all() == [Reason.CLOCK_WENT_BACK]


def test_a_defect_while_a_letter_is_made_puts_its_action_off_and_lets_the_others_go(database: Database, sink: Sink) -> None:
    lane = lanes_with_work(database, lanes=1, leads=2)[0]
    hands = sink.hands()

    def fails_for_the_first(session: Session, action: Action) -> Letter:
        if action.id == 1:
            raise ZeroDivisionError("secret words of a letter")
        return hands.letter_for(session, action)

    broken = replace(hands, letter_for=fails_for_the_first)
    for second in range(60):
        attend(database, lane, lambda at=MONDAY + timedelta(seconds=second * 60): at, "worker-1", broken)  # type: ignore[misc]
    with database.read() as session:
        first, other = session.scalars(select(Action).order_by(Action.id)).all()
        events = session.scalars(select(Event).where(Event.action_id == 1, Event.reason == Reason.RETRY_LATER)).all()
    assert (first.state, first.reason, other.state) == (ActionState.DUE, Reason.RETRY_LATER, ActionState.ACCEPTED)
    assert 1 <= len(events) <= 4  # once in a quarter of an hour
    assert events[0].evidence == {"problem": "ZeroDivisionError"}
    assert spent(database) == 1


def test_a_provider_s_limit_freezes_the_whole_address_until_it_ends(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=2)
    limit = Failed(Reason.PROVIDER_LIMIT, "550 5.4.5 Daily limit", permanent=False, retry_after=timedelta(hours=3))
    sink.answer = lambda _letter: limit
    assert visit(database, lane, sink).state is ActionState.FAILED_TEMPORARY
    sink.answer = lambda _letter: None
    assert visit(database, lane, sink, MONDAY + timedelta(hours=2)) == Attended()  # the second lead, never tried, waits too
    with database.read() as session:
        assert session.scalars(select(Action.reason)).all()[1] is Reason.FROZEN
    assert visit(database, lane, sink, MONDAY + timedelta(hours=4)).state is ActionState.ACCEPTED


def test_a_freeze_that_a_person_lifts_ends_at_once(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    with database.write() as session:
        freezes.freeze(session, lane, None, MONDAY + timedelta(days=1), Reason.PROVIDER_LIMIT, "", MONDAY)
    assert visit(database, lane, sink) == Attended()
    with database.write() as session:
        assert freezes.lift(session, lane, MONDAY) == 1
    assert visit(database, lane, sink).state is ActionState.ACCEPTED


def test_a_freeze_of_one_kind_leaves_the_others(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=1)
    with database.write() as session:
        until = MONDAY + timedelta(days=1)
        freezes.freeze(session, lane, ActionKind.WARM_UP_MAIL, until, Reason.PROVIDER_LIMIT, "", MONDAY)
    assert visit(database, lane, sink).state is ActionState.ACCEPTED


def test_a_fault_over_the_next_action_does_not_undo_what_is_known_of_this_one(database: Database, sink: Sink) -> None:
    (lane,) = lanes_with_work(database, leads=2)
    hands, minutes = sink.hands(), count()

    def fails_for_the_second(session: Session, mailbox: Mailbox) -> MailAccount:
        if sink.message_ids():
            raise SQLAlchemyError("the disk is gone")
        return hands.account_for(session, mailbox)

    faulty = replace(hands, account_for=fails_for_the_second)
    with pytest.raises(SQLAlchemyError):
        carry_on(database, lane, lambda: MONDAY + next(minutes) * timedelta(hours=1), "worker-1", faulty, lambda: True)
    assert sorted(states(database)) == [ActionState.ACCEPTED, ActionState.PLANNED]
    with database.read() as session:
        assert session.scalars(select(Lane.holder)).one() is None
