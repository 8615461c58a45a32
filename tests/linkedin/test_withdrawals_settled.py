"""A withdrawal that finds nothing to withdraw ends its invitation all the same; a profile that moved is followed."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from engine import linkedin_moves, linkedin_withdrawals
from engine.channels.linkedin.outcomes import Done
from engine.desk import perform
from engine.linkedin_withdrawals import Overview
from engine.situations import gather
from storage.kinds import ActionKind, ActionState, Reason, SuppressionKind
from storage.tables import Action, Audit, Lead, LinkedInInvitation, Suppression
from tests import makers
from tests.linkedin.conftest import Office, at_work, connected
from tests.linkedin.test_gate_and_freezes import Simulated, done, says

INVITE, WRITE = ActionKind.CONNECTION_REQUEST, ActionKind.LINKEDIN_MESSAGE
MARIE, MOVED = "linkedin.com/in/marie-curie", "linkedin.com/in/marie-sklodowska"


@pytest.fixture
def doing(office: Office) -> Simulated:
    """Marie was invited 22 days ago, and withdrawals after 21 days have just been planned."""
    connected(office)
    return Simulated(office)


def invited_long_ago(doing: Simulated, *kinds: ActionKind) -> None:
    at_work(doing.office, kinds or (INVITE,), ["marie-curie"])
    assert doing.attend().state is ActionState.ACCEPTED
    ask(doing, linkedin_withdrawals.set_after, after_days=21)
    doing.now += timedelta(days=22)
    assert linkedin_withdrawals.plan_due(doing.office.outpost.database, doing.now) == 1


def ask(doing: Simulated, what: object, **given: object) -> object:
    place = (doing.office.outpost.database, makers.OWNER, doing.office.workspace_id, doing.now)
    return perform(*place, what, identity_id=doing.office.identity_id, **given)  # type: ignore[arg-type]


def ends(doing: Simulated) -> list[tuple[datetime | None, datetime | None]]:
    with doing.office.outpost.database.read() as session:
        return [(row.accepted_at, row.withdrawn_at) for row in session.scalars(select(LinkedInInvitation))]


def test_one_that_was_accepted_meanwhile_is_accepted_and_its_message_goes_out(doing: Simulated) -> None:
    invited_long_ago(doing, INVITE, WRITE)
    doing.transport.accept(str(doing.office.identity_id), "marie-curie")
    assert doing.attend().state is ActionState.ACCEPTED
    assert ends(doing) == [(doing.now, None)]
    assert doing.attend().state is ActionState.ACCEPTED
    assert done(doing) == [("invite", "marie-curie"), ("message", "marie-curie")]


def test_one_that_is_gone_counts_as_withdrawn_now_and_is_not_pending_for_ever(doing: Simulated) -> None:
    invited_long_ago(doing)
    doing.transport.pending[str(doing.office.identity_id)].clear()  # by hand, or the profile is gone
    assert doing.attend().state is ActionState.ACCEPTED
    assert ends(doing) == [(None, doing.now)]
    seen = ask(doing, linkedin_withdrawals.overview)
    assert isinstance(seen, Overview)
    assert (seen.pending, [one.was_gone for one in seen.history]) == (0, [True])
    assert seen.history[0].until == doing.now + timedelta(days=21)
    assert linkedin_withdrawals.plan_due(doing.office.outpost.database, doing.now) == 0
    with doing.office.outpost.database.read() as session:
        states = session.scalars(select(Action.state).order_by(Action.id)).all()
    assert states == [ActionState.CONFIRMED, ActionState.ACCEPTED]


def test_one_that_was_withdrawn_here_says_so(doing: Simulated) -> None:
    invited_long_ago(doing)
    assert doing.attend().state is ActionState.ACCEPTED
    seen = ask(doing, linkedin_withdrawals.overview)
    assert isinstance(seen, Overview)
    assert [one.was_gone for one in seen.history] == [False]


def test_a_request_that_was_led_to_another_address_is_known_by_that_one_from_then_on(doing: Simulated) -> None:
    at_work(doing.office, [INVITE, WRITE], ["marie-curie"])
    at_work(doing.office, [INVITE], ["marie-curie"])
    doing.transport.says = says(Done({"slug": "marie-sklodowska", "state": "pending"}), "invite")  # type: ignore[assignment]
    assert doing.attend().state is ActionState.ACCEPTED
    with doing.office.outpost.database.read() as session:
        assert session.scalars(select(LinkedInInvitation.profile)).all() == [MOVED]
        assert session.scalars(select(Lead.linkedin_url)).all() == [MOVED, MOVED]
        waits = session.scalars(select(Action.id).where(Action.kind == WRITE)).one()
        assert gather(session, [waits], doing.now)[waits].awaiting_acceptance
        assert session.scalars(select(Audit.new).where(Audit.what == "lead.profile_moved")).all() == [
            {"linkedin_url": MOVED}
        ]


def test_whoever_must_not_be_written_to_stays_so_at_the_new_address(doing: Simulated) -> None:
    at_work(doing.office, [INVITE], ["marie-curie"])
    with doing.office.outpost.database.write() as session:
        old = {"workspace_id": doing.office.workspace_id, "kind": SuppressionKind.LINKEDIN_URL, "value": MARIE}
        session.add(Suppression(**old, why="asked", since=doing.now))
        session.flush()
        assert linkedin_moves.follow(session, doing.office.workspace_id, MARIE, "Marie-Sklodowska", doing.now)
        assert not linkedin_moves.follow(session, doing.office.workspace_id, MOVED, "marie-sklodowska", doing.now)
    assert doing.attend().state is None
    with doing.office.outpost.database.read() as session:
        assert session.scalars(select(Action.reason)).one() is Reason.SUPPRESSED
    assert not done(doing)


def test_nobody_comes_to_be_in_one_campaign_twice_by_moving(doing: Simulated) -> None:
    at_work(doing.office, [INVITE], ["marie-curie", "marie-sklodowska"])
    with doing.office.outpost.database.write() as session:
        linkedin_moves.follow(session, doing.office.workspace_id, MARIE, "marie-sklodowska", doing.now)
    with doing.office.outpost.database.read() as session:
        assert sorted(session.scalars(select(Lead.linkedin_url))) == [MARIE, MOVED]
