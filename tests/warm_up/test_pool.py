"""Who takes part in warm-up: an address can be switched out, and from then on nothing is sent to it or from it."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import warm_up, warm_up_answers, warm_up_membership, warm_up_pool, warm_up_rehearsals, warm_up_tasks
from engine.desk import Denied, Desk, Problem, require
from engine.dispatch import attend
from engine.hands import Hands
from engine.letters import letter_writer
from engine.warm_up_tasks import due
from storage.database import Database
from storage.kinds import ActionState, Permission, PoolScope, Reason, Role, WarmUpPause, WarmUpPreset
from storage.tables import Action, Audit, Holiday, Lane, Mailbox, WarmUp, WarmUpMessage
from tests import makers
from tests.dispatch.sink import Sink, _account
from tests.makers import MONDAY
from tests.warm_up.office import office


def hands(tmp_path: Path) -> Hands:
    return Hands(Sink(tmp_path / "sent"), _account, letter_writer(lambda _session: b"a key"))


def test_an_address_switched_out_is_no_partner_and_the_change_is_audited(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        other = session.scalars(select(Mailbox).where(Mailbox.address == "p0@d0.test")).one()
        theirs = makers.desk(session, other.workspace_id)
        before = warm_up_pool.number_of_others(session, one.box)
        warm_up_membership.set_taking_part(theirs, mailbox_id=other.id, takes_part=False)
        assert warm_up_pool.number_of_others(session, one.box) == before - 1
        assert not warm_up_pool.may_write(session, one.box, other.id)
        line = session.scalars(select(Audit).where(Audit.what == "warm_up.membership_changed")).one()
        assert (line.old, line.new) == ({"takes_part": True}, {"takes_part": False})
        warm_up_membership.set_taking_part(theirs, mailbox_id=other.id, takes_part=True)
        assert warm_up_pool.number_of_others(session, one.box) == before


def test_a_mail_on_its_way_to_an_address_that_was_switched_out_ends_with_that_reason(
    database: Database, tmp_path: Path
) -> None:
    with database.write() as session:
        one = office(session)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        for message in session.scalars(select(WarmUpMessage)):
            partner = session.get_one(Mailbox, message.recipient_id)
            desk = makers.desk(session, partner.workspace_id)
            warm_up_membership.set_taking_part(desk, mailbox_id=partner.id, takes_part=False)
        lane = session.scalars(select(Lane.id).where(Lane.mailbox_id == one.box.id)).one()
    late = MONDAY + timedelta(hours=3)
    while attend(database, lane, lambda: late, "worker-1", hands(tmp_path)).action_id is not None:
        pass
    with database.read() as session:
        ended = session.scalars(select(Action).where(Action.state == ActionState.SKIPPED)).all()
        assert ended
        assert {action.reason for action in ended} == {Reason.WARM_UP_PARTNER_LEFT}
        assert not (tmp_path / "sent").exists()


def test_a_warm_up_paused_between_booking_and_sending_ends_the_mail_as_held(database: Database, tmp_path: Path) -> None:
    """The last gate looks once more; the mail was not open any more, so that the pause could not cancel it."""
    with database.write() as session:
        one = office(session)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        running = one.running()
        running.paused_at, running.pause = MONDAY, WarmUpPause.PERSON
        lane = session.scalars(select(Lane.id).where(Lane.mailbox_id == one.box.id)).one()
    attend(database, lane, lambda: MONDAY + timedelta(hours=3), "worker-1", hands(tmp_path))
    with database.read() as session:
        assert Reason.WARM_UP_HELD in session.scalars(select(Action.reason)).all()
        assert not (tmp_path / "sent").exists()


def test_switching_out_ends_the_answers_it_still_owes_and_its_mailbox_is_left_alone(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        message = session.scalars(select(WarmUpMessage)).first()
        assert message is not None
        session.get_one(Action, message.action_id).sending_at = MONDAY
        warm_up_answers.plan(session, message.recipient_id, [message.id], MONDAY)
        partner = session.get_one(Mailbox, message.recipient_id)
        assert due(session, MONDAY, 10) == [partner.id]
        desk = makers.desk(session, partner.workspace_id)
        warm_up_membership.set_taking_part(desk, mailbox_id=partner.id, takes_part=False)
        answer = session.scalars(select(WarmUpMessage).where(WarmUpMessage.answers_id == message.id)).one()
        action = session.get_one(Action, answer.action_id)
        session.refresh(action)
        assert (action.state, action.reason) == (ActionState.CANCELLED, Reason.WARM_UP_LEFT)
        assert due(session, MONDAY, 10) == []


def test_it_can_neither_start_outside_the_pool_nor_leave_it_while_it_runs(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        warm_up_membership.set_taking_part(one.desk(), mailbox_id=one.box.id, takes_part=False)
        assert "switched out" in warm_up_rehearsals.rehearse_start(one.desk(), mailbox_id=one.box.id).refusal
        warm_up_membership.set_taking_part(one.desk(), mailbox_id=one.box.id, takes_part=True)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        with pytest.raises(Problem, match="stop its warm-up first"):
            warm_up_membership.set_taking_part(one.desk(), mailbox_id=one.box.id, takes_part=False)


def test_who_only_reads_can_switch_nothing(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        ops = Desk(session, makers.member(session, one.workspace, Role.OPS), one.workspace, MONDAY)
        with pytest.raises(Denied):
            warm_up_membership.set_taking_part(ops, mailbox_id=one.box.id, takes_part=False)
        require(ops, Permission.READ, {"mailbox_id": one.box.id})


def test_the_dialog_names_our_own_partners_and_only_counts_other_clients(database: Database) -> None:
    with database.write() as session:
        one = office(session, partners=12)
        colleague = makers.identity(session, one.workspace)
        makers.mailbox(session, colleague, address="grace@acme.test")
        hidden = Desk(session, makers.member(session, one.workspace, Role.MANAGER, [one.identity]), one.workspace, MONDAY)
        pool = warm_up_rehearsals.rehearse_start(one.desk(), mailbox_id=one.box.id).pool
        assert (pool.known, pool.others) == (("grace@acme.test",), 12)
        assert "13 other addresses of this installation, 12 of them other clients'," in pool.sentence
        assert warm_up_pool.pool_of(hidden, one.box).known == ()
        warm_up_pool.set_policy(one.desk(), WarmUpPreset.USUAL, PoolScope.WORKSPACE, 0)
        assert "1 other address of this workspace" in warm_up_pool.pool_of(one.desk(), one.box).sentence


def partners(session: Session, box: Mailbox) -> set[int]:
    return {one.workspace_id for one in session.scalars(warm_up_pool.others(session, box))}


def test_a_workspace_inherits_with_whom_it_writes_unless_it_says_so_itself_and_that_holds_both_ways(
    database: Database,
) -> None:
    with database.write() as session:
        one = office(session)
        makers.mailbox(session, makers.identity(session, one.workspace), address="grace@acme.test")
        theirs = session.scalars(select(Mailbox).where(Mailbox.address == "p0@d0.test")).one()
        ours, them = one.desk(), makers.desk(session, theirs.workspace_id)
        whole, alone = PoolScope.INSTALLATION, PoolScope.WORKSPACE
        for default, we, they, may_meet in (
            (whole, None, None, True),
            (whole, alone, None, False),
            (whole, None, alone, False),
            (whole, whole, None, True),
            (alone, None, None, False),
            (alone, whole, None, False),  # they inherit
            (alone, whole, whole, True),
        ):
            warm_up_pool.set_policy(ours, WarmUpPreset.USUAL, default, 0)
            warm_up_pool.set_scope(ours, own=we)
            warm_up_pool.set_scope(them, own=they)
            case = (default, we, they)
            assert warm_up_pool.may_write(session, one.box, theirs.id) is may_meet, case
            assert warm_up_pool.may_write(session, theirs, one.box.id) is may_meet, case
            assert partners(session, one.box) == ({one.workspace, theirs.workspace_id} if may_meet else {one.workspace})
            assert partners(session, theirs) == ({one.workspace, theirs.workspace_id} if may_meet else {theirs.workspace_id})
        assert warm_up_pool.scope(ours) == warm_up_pool.Scope(whole, alone)
        told = session.scalars(select(Audit).where(Audit.what == "warm_up.scope_changed")).all()
        assert (told[0].old, told[0].new) == ({"scope": None}, {"scope": "workspace"})
        manager = Desk(session, makers.member(session, one.workspace, Role.MANAGER), one.workspace, MONDAY)
        with pytest.raises(Denied):
            warm_up_pool.set_scope(manager, own=None)


def test_a_workspace_that_says_how_fast_starts_so_and_others_as_the_installation_says(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        warm_up_pool.set_policy(one.desk(), WarmUpPreset.FASTER, PoolScope.INSTALLATION, 0)
        assert warm_up_pool.set_pace(one.desk(), own=WarmUpPreset.SLOWER).holds is WarmUpPreset.SLOWER
        assert "About 3 mails on the first day" in warm_up_rehearsals.rehearse_start(one.desk(), mailbox_id=one.box.id).plan
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        theirs = session.scalars(select(Mailbox).where(Mailbox.address == "p0@d0.test")).one()
        warm_up.start(makers.desk(session, theirs.workspace_id), mailbox_id=theirs.id)
        running = {found.mailbox_id: found.preset for found in session.scalars(select(WarmUp))}
        assert running == {one.box.id: WarmUpPreset.SLOWER, theirs.id: WarmUpPreset.FASTER}
        assert warm_up_pool.set_pace(one.desk(), own=None).holds is WarmUpPreset.FASTER
        assert one.running().preset is WarmUpPreset.SLOWER  # it keeps the ramp it began with
        told = session.scalars(select(Audit).where(Audit.what == "warm_up.pace_changed")).all()
        assert [(row.old, row.new) for row in told] == [
            ({"preset": None}, {"preset": "slower"}),
            ({"preset": "slower"}, {"preset": None}),
        ]
        manager = Desk(session, makers.member(session, one.workspace, Role.MANAGER), one.workspace, MONDAY)
        with pytest.raises(Denied):
            warm_up_pool.set_pace(manager, own=None)


def test_a_visit_is_claimed_once_and_knows_whether_its_identity_is_at_work(database: Database) -> None:
    with database.write() as session:
        one = office(session)
        free = makers.mailbox(session, makers.identity(session, one.workspace), address="grace@acme.test")
        session.add(Holiday(identity_id=free.identity_id, day=MONDAY.date()))
        for box, at_work in ((one.box, True), (free, False)):
            claimed = warm_up_tasks.claim(session, box.id, MONDAY)
            assert claimed.address == box.address
            assert warm_up_tasks.task_of(session, claimed, b"a key", MONDAY).at_work is at_work
            assert warm_up_tasks.claim(session, box.id, MONDAY + timedelta(minutes=9)) is None
            assert warm_up_tasks.claim(session, box.id, MONDAY + timedelta(minutes=10)) is not None
