"""A LinkedIn step waits while a reply to the lead's mail could lie unread, holds nobody else, and says which address."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from engine import agenda, incoming, linkedin_accounts, linkedin_consent, linkedin_lanes, sequence
from engine.booking import choose
from engine.channels.linkedin.outcomes import OwnProfile
from engine.dispatch import attend
from engine.rules.facts import Facts, Run, Verdict, Wait
from engine.rules.permit import explain, permit
from engine.situations import gather
from engine.standing import standings
from storage.database import Database
from storage.kinds import ActionKind, ActionState, Gate, MailboxState, Reason
from storage.tables import Action, Lane, Mailbox, MailReading, Step
from storage.vault import Vault, new_key
from tests import makers
from tests.dispatch.sink import ALWAYS, Sink
from tests.makers import LONG_AGO, MONDAY

NOW = MONDAY + timedelta(hours=1)
BLIND = Wait(Reason.REPLY_OUT_OF_SIGHT, None)
READS_FIRST = Wait(Reason.POST_UNREAD, None)


class Town:
    """Ada writes by two addresses and then on LinkedIn; each of her two leads is on an address of its own."""

    def __init__(
        self, database: Database, folder: Path, kind: ActionKind = ActionKind.LINKEDIN_MESSAGE, *, mailed: bool = True
    ) -> None:
        self.database = database
        with database.write() as session:
            makers.installation(session)
            makers.user(session, id=1, email=makers.OWNER.label, is_owner=True)
            home = makers.workspace(session)
            self.ada = makers.identity(session, home.id, **ALWAYS)
            linkedin_consent.accept(makers.desk(session, home.id), self.ada, "Ada")
            own = OwnProfile("ada", "Ada", "engineer")
            session_state: dict[str, Any] = {"cookies": [], "origins": []}
            vault = Vault({1: new_key()})
            linkedin_accounts.connect(session, vault, self.ada.id, "ada@acme.test", own, session_state, LONG_AGO)
            self.boxes = [makers.mailbox(session, self.ada) for _ in range(2)]
            spring = makers.campaign(session, self.ada, steps=0)
            first = (ActionKind.EMAIL, kind) if mailed else (kind, ActionKind.EMAIL)
            for position, each in enumerate(first, 1):
                session.add(Step(campaign_id=spring.id, position=position, kind=each, subject="Hello", body="Hello"))
            self.leads = [
                makers.lead(session, spring, mailbox_id=box.id, linkedin_url=f"linkedin.com/in/p{box.id}")
                for box in self.boxes
            ]
            sequence.begin(session, spring.id, [lead.id for lead in self.leads], MONDAY - timedelta(days=1))
            lane = linkedin_lanes.lane_of(session, self.ada.id)
            assert lane is not None
            self.lane_id = lane.id
            mail_lanes = session.scalars(select(Lane.id).where(Lane.mailbox_id.is_not(None))).all()
        for lane_id in mail_lanes if mailed else ():
            done = attend(database, lane_id, lambda: MONDAY, "w", Sink(folder / "sink").hands())
            assert done.state is ActionState.ACCEPTED

    def becomes(self, state: MailboxState, *, owes: bool = False) -> None:
        """The first address, whose lead is the first in the lane."""
        with self.database.write() as session:
            session.get_one(Mailbox, self.boxes[0].id).state = state
            if owes:
                incoming.read_soon(session, self.boxes[0].id, NOW, is_owed=True)

    def facts(self, number: int) -> Facts:
        with self.database.read() as session:
            open_step = select(Action.id).where(Action.lead_id == self.leads[number].id, Action.lane_id == self.lane_id)
            (action_id,) = session.scalars(open_step)
            return gather(session, [action_id], NOW)[action_id]

    def verdicts(self) -> list[Verdict]:
        return [permit(self.facts(number), NOW) for number in range(2)]


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    return Town(database, tmp_path)


@pytest.mark.parametrize("kind", [ActionKind.LINKEDIN_MESSAGE, ActionKind.CONNECTION_REQUEST])
@pytest.mark.parametrize(
    ("state", "owes", "verdict"),
    [
        (MailboxState.OK, False, None),
        (MailboxState.DEGRADED, False, None),
        (MailboxState.DISABLED_BY_TENANT, False, None),  # only sending is switched off there
        (MailboxState.OK, True, READS_FIRST),
        (MailboxState.DEGRADED, True, READS_FIRST),
        (MailboxState.NEVER, False, BLIND),
        (MailboxState.RECONNECT_NEEDED, False, BLIND),
        (MailboxState.WAITING_FOR_APPROVAL, False, BLIND),
        (MailboxState.REFUSED, False, BLIND),
        (MailboxState.DISCONNECTED, False, BLIND),
        (MailboxState.RECONNECT_NEEDED, True, BLIND),
    ],
)
def test_a_step_waits_where_a_reply_could_lie_unread(
    database: Database, tmp_path: Path, kind: ActionKind, state: MailboxState, owes: bool, verdict: Wait | None
):
    town = Town(database, tmp_path, kind)
    town.becomes(state, owes=owes)
    first, other = town.verdicts()
    assert first == verdict if verdict is not None else isinstance(first, Run)
    assert isinstance(other, Run)


def test_who_got_no_mail_yet_waits_for_no_address(database: Database, tmp_path: Path):
    town = Town(database, tmp_path, ActionKind.CONNECTION_REQUEST, mailed=False)
    town.becomes(MailboxState.RECONNECT_NEEDED)
    assert all(isinstance(verdict, Run) for verdict in town.verdicts())


def test_it_holds_nobody_behind_it_and_the_identity_acts_on(town: Town):
    town.becomes(MailboxState.RECONNECT_NEEDED)
    with town.database.read() as session:
        assert isinstance(standings(session, [town.ada.id], NOW)[town.ada.id].verdict, Run)
    with town.database.write() as session:
        choice = choose(session, town.lane_id, NOW, "worker")
        assert choice is not None
        assert choice.booking.entry.lead_id == town.leads[1].id


@pytest.mark.parametrize(
    ("state", "owes", "words"),
    [(MailboxState.REFUSED, False, "can't be read"), (MailboxState.OK, True, "its post not read yet")],
)
def test_its_why_names_the_address_and_what_to_do(town: Town, state: MailboxState, owes: bool, words: str):
    town.becomes(state, owes=owes)
    (report,) = [each for each in explain(town.facts(0), NOW) if each.gate is Gate.LEAD]
    assert report.detail == f"lead active (was written to by {town.boxes[0].address}: {words})"
    assert report.obstacle is not None
    if not owes:
        assert "Reconnect that address" in report.obstacle.reason.sentence
        assert "disconnect it" in report.obstacle.reason.sentence


def test_the_reading_that_was_owed_wakes_the_linkedin_lane(town: Town):
    town.becomes(MailboxState.OK, owes=True)
    with town.database.write() as session:
        session.execute(update(Lane).values(wake_at=None))
    incoming._done(town.database, town.boxes[0].id, NOW, rest=False)
    with town.database.read() as session:
        assert session.get_one(MailReading, town.boxes[0].id).owed_since is None
        assert town.lane_id in agenda.due_lanes(session, NOW, 10)
    assert all(isinstance(verdict, Run) for verdict in town.verdicts())
