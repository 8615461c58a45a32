"""What Today counts, what it says needs a person, and what a Stop would hold."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from engine import activities, figures, overview, stop_effects, supervision
from engine.desk import Desk
from engine.overview import Health, Remedy, Urgency
from engine.queue_silence import EXIT_STATUS, SILENT
from storage.database import Database
from storage.kinds import (
    MAILBOX_NEEDS,
    ActionKind,
    ActionState,
    CampaignState,
    LinkedInState,
    MailboxState,
    QuotaClock,
    Role,
    StopScope,
)
from storage.tables import Action, Event, Heartbeat, Identity, Installation, Lane, LimitSetting, QuotaUse, Stop
from tests import makers
from tests.makers import LONG_AGO, MONDAY

TODAY, YESTERDAY = date(2026, 11, 23), date(2026, 11, 22)


@pytest.fixture
def desk(database: Database):
    with database.write() as session:
        makers.installation(session)
        makers.user(session, is_owner=True)
        session.add(Heartbeat(name="worker", boot="b", pid=1, host="h", started_at=LONG_AGO, at=MONDAY))
        yield makers.desk(session, makers.workspace(session).id)


def someone(desk: Desk, first: str, **values: object) -> Identity:
    return makers.identity(desk.session, desk.workspace, first_name=first, last_name="", **values)


def lane(desk: Desk, identity: Identity, **values: object) -> Lane:
    box = makers.mailbox(desk.session, identity, **values)
    return desk.session.scalars(select(Lane).where(Lane.mailbox_id == box.id)).one()


def spend(desk: Desk, of: Lane, used: int, day: date = TODAY) -> None:
    desk.session.add(QuotaUse(lane_id=of.id, kind=ActionKind.EMAIL, local_day=day, used=used))
    desk.session.flush()


def action(desk: Desk, of: Lane, state: ActionState) -> Action:
    return makers.action(desk.session, of, state=state)


def said(desk: Desk) -> list[tuple[str, Remedy]]:
    return [(need.who, need.remedy) for need in overview.needs(desk)]


def test_an_empty_workspace_needs_nobody_and_counts_nothing(desk: Desk) -> None:
    assert overview.needs(desk) == ()
    assert figures.figures(desk) == figures.Figures(0, 0, 0, 0, 0, 0, 0)
    assert overview.pulse(desk).last_effect_at is None


def test_sent_today_is_each_identitys_own_day(desk: Desk) -> None:
    spend(desk, lane(desk, someone(desk, "Madrid")), 7)
    auckland = lane(desk, someone(desk, "Auckland", zone="Pacific/Auckland"))  # Monday 23:00 there
    spend(desk, auckland, 5)
    kiritimati = lane(desk, someone(desk, "Kiritimati", zone="Pacific/Kiritimati"))  # already Tuesday there
    spend(desk, kiritimati, 40, TODAY)
    spend(desk, kiritimati, 2, date(2026, 11, 24))
    spend(desk, auckland, 50, YESTERDAY)
    assert (figures.figures(desk).sent, figures.figures(desk).limit) == (14, 150)


def test_the_limit_is_the_one_in_force_and_a_removed_address_has_none(desk: Desk) -> None:
    raised = lane(desk, someone(desk, "Raised"), limit=50)
    common = {"lane_id": raised.id, "kind": ActionKind.EMAIL, "clock": QuotaClock.LOCAL_DAY}
    desk.session.add_all(
        [
            LimitSetting(**common, value=80, since=MONDAY - timedelta(days=9), until=MONDAY - timedelta(days=1)),
            LimitSetting(**common, value=60, since=MONDAY - timedelta(days=2), until=MONDAY + timedelta(days=1)),
            LimitSetting(**common, value=99, since=MONDAY + timedelta(days=1)),
        ]
    )
    lane(desk, someone(desk, "Removed"), removed_at=LONG_AGO)
    assert figures.figures(desk).limit == 60
    desk.session.flush()
    later = Desk(desk.session, desk.actor, desk.workspace_id, MONDAY + timedelta(hours=30))
    assert figures.figures(later).limit == 99


def test_what_needs_a_person_is_said_the_most_urgent_first(desk: Desk) -> None:
    lane(desk, someone(desk, "Fine"))
    lane(desk, someone(desk, "Shaky"), address="shaky@a.test", state=MailboxState.DEGRADED)
    action(
        desk,
        lane(desk, someone(desk, "Lost"), address="lost@a.test", state=MailboxState.RECONNECT_NEEDED),
        ActionState.PARKED,
    )
    someone(desk, "Code", linkedin_state=LinkedInState.CODE_NEEDED)
    lane(desk, someone(desk, "Gone", archived_at=LONG_AGO), state=MailboxState.RECONNECT_NEEDED)
    assert said(desk) == [
        ("lost@a.test", Remedy.RECONNECT),
        ("Code", Remedy.SIGN_IN),
        ("shaky@a.test", Remedy.LOOK),
        ("Parked", Remedy.DECIDE),
    ]
    assert [need.urgency for need in overview.needs(desk)] == [Urgency.NOW, Urgency.NOW, Urgency.SOON, Urgency.SOON]


def test_a_stop_is_said_with_who_pressed_it_and_why(desk: Desk) -> None:
    user = makers.user(desk.session, name="Olga")
    held = someone(desk, "Ada")
    desk.session.add(
        Stop(
            scope=StopScope.IDENTITY,
            workspace_id=desk.workspace,
            identity_id=held.id,
            pressed_at=MONDAY,
            pressed_by=user.id,
            note="client asked",
        )
    )
    desk.session.flush()
    (need,) = overview.needs(desk)
    assert (need.who, need.remedy, need.identity_id) == ("Ada", Remedy.RELEASE, held.id)
    assert need.what == "Olga pressed Stop: client asked. No new action begins."


def test_a_restored_backup_and_a_dead_worker_are_said(desk: Desk) -> None:
    desk.session.get_one(Installation, 1).quarantined_at = MONDAY
    desk.session.get_one(Heartbeat, "worker").at = MONDAY - timedelta(minutes=3)
    desk.session.flush()
    assert [who for who, _ in said(desk)] == ["Worker", "Quarantine"]


def test_what_does_not_work_in_a_worker_is_said_and_which_one_is_dead_beside_the_others(desk: Desk) -> None:
    desk.session.get_one(Heartbeat, "worker").note = "The agenda failed (KeyError); it is tried again."
    gone = MONDAY - timedelta(minutes=3)
    desk.session.add(Heartbeat(name="worker:2", boot="c", pid=7, host="mill", started_at=LONG_AGO, at=gone, note="Old."))
    desk.session.flush()
    first, second = overview.needs(desk)
    assert (first.urgency, first.what) == (Urgency.NOW, "The agenda failed (KeyError); it is tried again.")
    assert (second.urgency, second.what[:42]) == (Urgency.SOON, "A worker has not answered since 2026-11-23")
    assert overview.pulse(desk).worker is Health.OK


def test_a_silent_redis_that_keeps_the_worker_from_starting_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.session.delete(desk.session.get_one(Heartbeat, "worker"))
    desk.session.flush()
    monkeypatch.setattr(supervision.worker, "last_status", EXIT_STATUS)
    (need,) = overview.needs(desk)
    assert need.what == f"The worker does not answer; nothing is sent until it is back. {SILENT}"


@pytest.mark.parametrize(
    ("silent", "health"),
    [(0, Health.OK), (20, Health.OK), (21, Health.LATE), (60, Health.LATE), (61, Health.DOWN)],
)
def test_the_worker_is_late_and_then_down_by_its_last_sign_of_life(desk: Desk, silent: int, health: Health) -> None:
    desk.session.get_one(Heartbeat, "worker").at = MONDAY - timedelta(seconds=silent)
    desk.session.flush()
    assert overview.pulse(desk).worker is health


def test_a_member_with_named_identities_is_told_of_those_only(desk: Desk) -> None:
    mine, other = someone(desk, "Mine"), someone(desk, "Other")
    for owner in (mine, other):
        held = lane(desk, owner, address=f"{owner.first_name}@a.test", state=MailboxState.RECONNECT_NEEDED)
        spend(desk, held, 3)
        action(desk, held, ActionState.PARKED)
    member = makers.desk(desk.session, desk.workspace, makers.member(desk.session, desk.workspace, Role.OPS, [mine.id]))
    assert [who for who, _ in said(member)] == ["Mine@a.test", "Parked"]
    found = figures.figures(member)
    assert (found.sent, found.limit, found.parked, found.identities) == (3, 50, 1, 1)


def test_a_stop_counts_what_it_would_hold(desk: Desk) -> None:
    ada = someone(desk, "Ada")
    makers.campaign(desk.session, ada)
    makers.campaign(desk.session, ada, state=CampaignState.PAUSED)
    busy = lane(desk, ada)
    busy.last_effect_at = MONDAY - timedelta(seconds=12)
    action(desk, busy, ActionState.SENDING)
    someone(desk, "Alan")
    assert stop_effects.of_identity(desk, ada.id) == stop_effects.Held(1, 1, 1, MONDAY - timedelta(seconds=12))
    assert stop_effects.of_workspace(desk).identities == 2
    makers.identity(desk.session, makers.workspace(desk.session).id)
    assert stop_effects.of_installation(desk).identities == 3


def test_activity_tells_what_became_of_actions_newest_first_page_by_page(desk: Desk) -> None:
    held = lane(desk, someone(desk, "Ada"))
    made = action(desk, held, ActionState.ACCEPTED)
    for number in range(activities.PAGE + 5):
        for state in (ActionState.RESERVED, ActionState.SENDING, ActionState.ACCEPTED):
            desk.session.add(
                Event(
                    at=MONDAY + timedelta(minutes=number),
                    action_id=made.id,
                    workspace_id=desk.workspace,
                    identity_id=held.identity_id,
                    lane_id=held.id,
                    kind=ActionKind.EMAIL,
                    after=state,
                    local_day=TODAY,
                    actor="worker",
                    attempt=1,
                )
            )
        desk.session.flush()
    first = activities.lines(desk, held.identity_id)
    assert len(first) == activities.PAGE
    assert {line.state for line in first} == {ActionState.ACCEPTED}
    assert first[0].at > first[-1].at
    assert len(activities.lines(desk, held.identity_id, before=first[-1].id)) == 5


def test_changes_are_those_of_this_identity(desk: Desk) -> None:
    ada, alan = someone(desk, "Ada"), someone(desk, "Alan")
    for identity in (ada, alan):
        desk.audit(
            "identity.contact_edited",
            f"identity:{identity.id}",
            old={"phone": ""},
            new={"phone": "1"},
            identity_id=identity.id,
        )
    desk.session.flush()
    (change,) = activities.changes(desk, ada.id)
    assert (change.what, change.old, change.new) == ("identity.contact_edited", {"phone": ""}, {"phone": "1"})


def test_every_state_that_needs_somebody_has_a_sentence_of_its_own(desk: Desk) -> None:
    owner = makers.identity(desk.session, desk.workspace)
    for state in MAILBOX_NEEDS:
        makers.mailbox(desk.session, owner, state=state)
    said = [need.what for need in overview.needs(desk)]
    assert len(set(said)) == len(MAILBOX_NEEDS)
    assert all(said)


def test_a_clock_that_was_set_back_needs_somebody_at_once(desk: Desk) -> None:
    ada, reached = someone(desk, "Ada"), MONDAY + timedelta(hours=1)
    of = {"workspace_id": desk.workspace, "identity_id": ada.id, "lane_id": lane(desk, ada).id, "kind": ActionKind.EMAIL}
    action = Action(**of, state=ActionState.PLANNED, due_at=reached, created_at=reached)
    desk.session.add(action)
    desk.session.flush()
    planned = {"after": ActionState.PLANNED, "local_day": TODAY, "actor": "worker", "attempt": 0}
    desk.session.add(Event(**of, **planned, action_id=action.id, at=reached))
    desk.session.flush()
    (need,) = overview.needs(desk)
    assert (need.urgency, need.who, need.remedy) == (Urgency.NOW, "Clock", Remedy.CHECK)
    assert "the ledger has reached 2026-11-23 11:00 UTC" in need.what
