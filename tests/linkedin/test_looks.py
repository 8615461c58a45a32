"""What an account's lists and inbox say: who accepted, who answered, who never did; and invitations withdrawn once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import linkedin_accounts, linkedin_looks, linkedin_withdrawals
from engine.channels.linkedin.outcomes import Blocked, BlockedKind
from engine.desk import Problem, perform
from engine.rules.withdrawals import share_accepted_after
from storage.kinds import ActionKind, ActionState, LeadState, LinkedInState, Reason
from storage.tables import Action, Identity, Lead, LinkedInInvitation
from tests import makers
from tests.linkedin.conftest import Doing, Office, at_work, connected
from tests.makers import MONDAY

INVITE, WRITE = ActionKind.CONNECTION_REQUEST, ActionKind.LINKEDIN_MESSAGE


def look(office: Office, doing: Doing) -> int:
    return linkedin_looks.look_due(office.outpost.database, office.outpost.vault, office.driver, lambda: doing.now)


@pytest.mark.browser
def test_an_acceptance_lets_the_message_go_and_an_answer_stops_the_rest(office: Office) -> None:
    site, doing = connected(office), Doing(office)
    at_work(office, [INVITE, WRITE, WRITE], ["marie-curie"])
    doing.attend()
    site.members["marie-curie"].state = "connected"
    assert look(office, doing) == 1
    assert look(office, doing) == 0  # not again at once
    assert doing.attend().state is ActionState.ACCEPTED
    site.members["marie-curie"].events.append(("other", "Fine"))
    doing.now += timedelta(hours=2)
    assert look(office, doing) == 1
    with office.outpost.database.read() as session:
        assert session.scalars(select(Lead.state)).one() is LeadState.REPLIED
    assert doing.attend().state is None
    assert site.done == [("invite", "marie-curie"), ("message", "marie-curie")]


@pytest.mark.browser
def test_an_old_invitation_is_withdrawn_once_and_nobody_may_invite_that_person_again_yet(office: Office) -> None:
    site, doing = connected(office), Doing(office)
    at_work(office, [INVITE], ["marie-curie"])
    doing.attend()
    database = office.outpost.database
    given = {"identity_id": office.identity_id, "after_days": 21}
    perform(database, makers.OWNER, office.workspace_id, doing.now, linkedin_withdrawals.set_after, **given)
    assert linkedin_withdrawals.plan_due(database, doing.now) == 0
    doing.now += timedelta(days=22)
    assert [linkedin_withdrawals.plan_due(database, doing.now) for _ in range(3)] == [1, 0, 0]
    assert doing.attend().state is ActionState.ACCEPTED
    assert site.done == [("invite", "marie-curie"), ("withdraw", "marie-curie")]
    with database.read() as session:
        row = session.scalars(select(LinkedInInvitation)).one()
        assert row.withdrawn_at == doing.now
        assert session.scalars(select(Action.state).order_by(Action.id)).all() == [
            ActionState.CONFIRMED,
            ActionState.ACCEPTED,
        ]
    seen = perform(
        database,
        makers.OWNER,
        office.workspace_id,
        doing.now,
        linkedin_withdrawals.overview,
        identity_id=office.identity_id,
    )
    assert (seen.pending, seen.history[0].until) == (0, doing.now + timedelta(days=21))


@pytest.mark.browser
def test_a_dead_session_is_seen_by_a_look_too(office: Office) -> None:
    site, doing = connected(office), Doing(office)
    site.dead = True
    assert look(office, doing) == 1
    with office.outpost.database.read() as session:
        assert session.get_one(Identity, office.identity_id).linkedin_state is LinkedInState.LOGGED_OUT
    doing.now += timedelta(days=1)
    assert look(office, doing) == 0


def test_one_who_never_accepts_is_not_waited_for_longer_than_the_step_says(office: Office) -> None:
    connected(office)
    at_work(office, [INVITE, WRITE], ["marie-curie"])
    doing = Doing(office)
    with office.outpost.database.write() as session:
        action = session.scalars(select(Action)).one()
        lead = session.scalars(select(Lead)).one()
        lead.position, action.kind = 1, WRITE
        action.step_id = action.step_id + 1 if action.step_id else None
        kept = {"workspace_id": office.workspace_id, "identity_id": office.identity_id, "lead_id": lead.id}
        session.add(LinkedInInvitation(**kept, profile=lead.linkedin_url, sent_at=doing.now - timedelta(days=31)))
    with office.outpost.database.write() as session:
        linkedin_looks.record(session, office.identity_id, (), (), doing.now)
        assert session.scalars(select(Lead.state_reason)).one() is Reason.NEVER_ACCEPTED
        assert session.scalars(select(Action.state)).one() is ActionState.CANCELLED


def test_one_invited_for_another_campaign_is_not_waited_for_for_ever_either(office: Office) -> None:
    connected(office)
    at_work(office, [WRITE], ["marie-curie"])
    sent_at = MONDAY - timedelta(days=90)
    with office.outpost.database.write() as session:
        kept = {"workspace_id": office.workspace_id, "identity_id": office.identity_id, "lead_id": None}
        session.add(LinkedInInvitation(**kept, profile="linkedin.com/in/marie-curie", sent_at=sent_at))
    for days, ended in ((29, []), (30, [Reason.NEVER_ACCEPTED])):  # since its own message waits
        with office.outpost.database.write() as session:
            linkedin_looks.record(session, office.identity_id, (), (), MONDAY + timedelta(days=days))
            assert session.scalars(select(Lead.state_reason).where(Lead.state_reason.is_not(None))).all() == ended


@pytest.mark.parametrize("kind", [BlockedKind.LOGIN, BlockedKind.CHECKPOINT, BlockedKind.DRIFT])
def test_what_a_page_said_of_an_account_that_was_disconnected_meanwhile_says_nothing(
    office: Office, kind: BlockedKind
) -> None:
    connected(office)
    given = {"identity_id": office.identity_id}
    database = office.outpost.database
    perform(database, makers.OWNER, office.workspace_id, MONDAY, linkedin_accounts.disconnect, **given)
    for _ in range(3):
        with database.write() as session:
            linkedin_looks.record(session, office.identity_id, Blocked(kind, "a page"), (), MONDAY)
            assert session.get_one(Identity, office.identity_id).linkedin_state is LinkedInState.DISCONNECTED


def test_withdrawing_says_what_it_costs(office: Office) -> None:
    assert [round(share_accepted_after(days), 2) for days in (0, 7, 30, 180, 999)] == [0.0, 0.88, 0.99, 1.0, 1.0]
    connected(office)
    database, given = office.outpost.database, {"identity_id": office.identity_id, "after_days": 7}
    said = perform(database, makers.OWNER, office.workspace_id, makers.MONDAY, linkedin_withdrawals.rehearse, **given)
    assert "about 12 % of those who would still accept are lost" in said
    with pytest.raises(Problem, match="7 to 180"):
        perform(
            database,
            makers.OWNER,
            office.workspace_id,
            makers.MONDAY,
            linkedin_withdrawals.set_after,
            identity_id=office.identity_id,
            after_days=3,
        )
