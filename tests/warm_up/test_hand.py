"""Warm-up mail's hand: one refusal pauses and alerts, the partner's mailbox bears witness, and nobody decides about it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import recovery, warm_up, warm_up_keeping, warm_up_tasks
from engine.channels.effects import Failed, Letter, MailAccount, Outcome, Trace, Uncertain
from engine.dispatch import attend
from engine.hands import Hands
from engine.letters import letter_writer
from engine.warm_up_hand import with_warm_up
from storage.database import Database
from storage.kinds import ActionState, AlertKind, Reason, StopScope, WarmUpPause
from storage.tables import Action, Alert, Lane, Mailbox, Stop, WarmUp, WarmUpMessage
from tests import makers
from tests.dispatch.sink import Sink, _account
from tests.makers import MONDAY
from tests.warm_up.office import Office, office

LATE = MONDAY + timedelta(hours=3)


@dataclass
class Post(Sink):
    """A server whose answer to the next mail is set, and whose folders hold the mails that they are said to hold."""

    holds: dict[tuple[str, str], str] = field(default_factory=dict)
    looked: list[tuple[str, str]] = field(default_factory=list)

    def look_up(self, account: MailAccount, message_id: str, seconds: float) -> Trace:
        self.looked.append((account.address, account.sent_folder))
        found = self.holds.get((account.address, account.sent_folder)) == message_id
        return Trace.FOUND if found else Trace.UNKNOWABLE


def post(folder: Path, outcome: Outcome) -> tuple[Post, Hands]:
    def answer(_letter: Letter) -> Outcome:
        return outcome

    made = Post(folder / "sent", answer)

    def account(session: object, mailbox: object) -> MailAccount:
        return replace(_account(session, mailbox), sent_folder="Sent", files_sent_itself=False)  # type: ignore[arg-type]

    return made, with_warm_up(Hands(made, account, letter_writer(lambda _session: b"a key")))


def begun(database: Database) -> tuple[Office, int]:
    with database.write() as session:
        one = office(session)
        warm_up.start(one.desk(), mailbox_id=one.box.id)
        return one, session.scalars(select(Lane.id).where(Lane.mailbox_id == one.box.id)).one()


def alerts(database: Database) -> list[tuple[str, bool]]:
    with database.read() as session:
        found = session.scalars(select(Alert).where(Alert.kind == AlertKind.WARM_UP).order_by(Alert.id))
        return [(one.dedupe.split(":")[0], one.cleared_at is None) for one in found]


def test_one_refusal_pauses_at_once_alerts_and_it_goes_on_after_a_day(database: Database, tmp_path: Path) -> None:
    _, lane = begun(database)
    made, hands = post(tmp_path, Failed(Reason.RECIPIENT_REFUSED, "550 no such user", permanent=True))
    for _ in range(4):
        attend(database, lane, lambda: LATE, "worker-1", hands)
    assert len(made.message_ids()) == 1
    with database.read() as session:
        paused = session.scalars(select(WarmUp)).one()
        assert (paused.pause, paused.paused_at) == (WarmUpPause.BOUNCE, LATE)
        assert set(session.scalars(select(Action.state))) == {ActionState.FAILED_PERMANENT, ActionState.CANCELLED}
    assert alerts(database) == [("warm-up-paused", True)]
    warm_up_keeping.keep(database, LATE + timedelta(hours=23))
    assert alerts(database) == [("warm-up-paused", True)]
    warm_up_keeping.keep(database, LATE + timedelta(hours=24))
    assert alerts(database) == [("warm-up-paused", False)]


def test_day_fifteen_is_told_once_and_stopping_ends_the_alert(database: Database) -> None:
    one, _ = begun(database)
    with database.write() as session:
        running = session.scalars(select(WarmUp)).one()
        running.day = 14
    for days in (1, 1, 2):
        warm_up_keeping.keep(database, MONDAY + timedelta(days=days))
    assert alerts(database) == [("warm-up-complete", True)]
    with database.write() as session:
        running = session.scalars(select(WarmUp)).one()
        assert (running.day, running.stopped_at) == (16, None)  # told, not stopped
        desk = makers.desk(session, one.workspace, now=MONDAY + timedelta(days=3))
        warm_up.stop(desk, mailbox_id=running.mailbox_id)
    assert alerts(database) == [("warm-up-complete", False)]


def test_nothing_is_read_or_moved_in_the_mailbox_of_who_is_stopped(database: Database) -> None:
    with database.write() as session:
        here = office(session)
        warm_up.start(here.desk(), mailbox_id=here.box.id)
        out = here.planned()[0]
        out.state, out.sending_at = ActionState.ACCEPTED, MONDAY
        session.flush()
        partner = session.scalars(select(WarmUpMessage.recipient_id).where(WarmUpMessage.action_id == out.id)).one()
        assert partner in warm_up_tasks.due(session, MONDAY, 60)
        of = session.get_one(Mailbox, partner).workspace_id
        session.add(Stop(scope=StopScope.WORKSPACE, workspace_id=of, pressed_at=MONDAY))
        session.flush()
        assert warm_up_tasks.due(session, MONDAY, 60) == [here.box.id]  # its own copy is still filed


def test_one_that_can_not_be_kept_keeps_no_other_from_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.write() as session:
        one = office(session)
        second = makers.mailbox(session, makers.identity(session, one.workspace), address="grace@acme.test")
        for mailbox_id in (one.box.id, second.id):
            warm_up.start(one.desk(), mailbox_id=mailbox_id)
        ids = session.scalars(select(WarmUp.id).order_by(WarmUp.id)).all()
    kept: list[int] = []

    def keep(_session: object, found: WarmUp, _now: object) -> None:
        if found.id == ids[0]:
            raise ValueError("a defect of ours")
        kept.append(found.id)

    monkeypatch.setattr(warm_up_keeping, "_keep", keep)
    warm_up_keeping.keep(database, MONDAY)
    assert kept == ids[1:]


@pytest.mark.parametrize("folder", ["INBOX", "Warm-up", ""])
def test_a_lost_answer_is_looked_up_at_the_partner_and_else_given_up_without_a_person(
    database: Database, tmp_path: Path, folder: str
) -> None:
    _, lane = begun(database)
    made, hands = post(tmp_path, Uncertain("The connection ended."))
    lost = attend(database, lane, lambda: LATE, "worker-1", hands)
    assert lost.state is ActionState.UNKNOWN
    with database.read() as session:
        message = session.scalars(select(WarmUpMessage).where(WarmUpMessage.action_id == lost.action_id)).one()
        partner = f"p{message.recipient_id - message.sender_id - 1}@"
    if folder:
        address = next(line.split()[2] for line in made.path.read_text().splitlines())
        assert address.startswith(partner)
        made.holds[address, folder] = message.message_id
    for hours in range(1, 24):
        recovery.reconcile_due(database, lambda hours=hours: LATE + timedelta(hours=hours), hands)  # type: ignore[misc]
    warm_up_keeping.keep(database, LATE + timedelta(hours=24))
    with database.read() as session:
        assert lost.action_id is not None
        action = session.get_one(Action, lost.action_id)
        if folder:
            assert action.state is ActionState.ACCEPTED
        else:
            assert (action.state, action.reason) == (ActionState.CANCELLED, Reason.WARM_UP_NO_EVIDENCE)
    assert len(made.message_ids()) == 1
