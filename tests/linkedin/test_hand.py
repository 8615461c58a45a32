"""Actions at the stand-in LinkedIn, carried out by the real dispatch in a real browser."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import linkedin_consent, linkedin_invitations, recovery
from engine.situations import gather
from practice.linkedin.members import Member
from practice.linkedin.site import Site
from storage.kinds import ActionKind, ActionState, LeadState, LinkedInState, Reason
from storage.tables import Action, Freeze, Identity, Lead, LinkedInAccount, LinkedInInvitation, QuotaUse
from tests import makers
from tests.linkedin.conftest import Doing, Office, at_work, connected

pytestmark = pytest.mark.browser
INVITE, WRITE = ActionKind.CONNECTION_REQUEST, ActionKind.LINKEDIN_MESSAGE


def actions(office: Office) -> list[tuple[ActionKind, ActionState, Reason | None]]:
    with office.outpost.database.read() as session:
        rows = session.scalars(select(Action).order_by(Action.id))
        return [(row.kind, row.state, row.reason) for row in rows]


def test_an_invitation_goes_out_and_the_message_waits_for_its_acceptance(office: Office) -> None:
    site, doing = connected(office), Doing(office)
    at_work(office, [INVITE, WRITE], ["marie-curie"])
    assert doing.attend().state is ActionState.ACCEPTED
    assert site.done == [("invite", "marie-curie")]
    assert doing.attend().state is None
    assert actions(office)[1][1:] == (ActionState.DUE, Reason.NOT_ACCEPTED_YET)
    site.members["marie-curie"].state = "connected"
    with office.outpost.database.write() as session:
        assert linkedin_invitations.accepted(session, office.identity_id, ["linkedin.com/in/marie-curie"], doing.now) == 1
    assert doing.attend().state is ActionState.ACCEPTED
    assert site.done[1:] == [("message", "marie-curie")]
    assert actions(office) == [(INVITE, ActionState.CONFIRMED, None), (WRITE, ActionState.ACCEPTED, None)]
    with office.outpost.database.read() as session:
        assert session.scalars(select(Lead.state)).one() is LeadState.FINISHED


def test_one_whose_answer_is_lost_is_looked_up_and_not_sent_again(office: Office) -> None:
    site, doing = connected(office), Doing(office)
    at_work(office, [INVITE], ["marie-curie"])
    site.hides_after = "invite"
    assert doing.attend().state is ActionState.UNKNOWN
    site.hidden, site.hides_after = False, ""
    doing.now += timedelta(minutes=5)
    assert recovery.reconcile_due(office.outpost.database, lambda: doing.now, doing.hands()) == 1
    assert actions(office) == [(INVITE, ActionState.ACCEPTED, Reason.FOUND_IN_SENT)]
    assert site.done == [("invite", "marie-curie")]
    with office.outpost.database.read() as session:
        assert session.scalars(select(LinkedInInvitation.profile)).all() == ["linkedin.com/in/marie-curie"]


def test_the_weekly_limit_freezes_invitations_and_nothing_else(office: Office) -> None:
    site, doing = connected(office), Doing(office)
    _member(site, "marie-curie").asks = "weekly"
    _member(site, "ada-known").state = "connected"
    at_work(office, [INVITE], ["marie-curie", "lise-meitner"])
    at_work(office, [WRITE], ["ada-known"])
    reached = {doing.attend().state for _ in range(3)}
    assert reached == {ActionState.FAILED_TEMPORARY, ActionState.ACCEPTED, None}
    assert site.done == [("message", "ada-known")]
    with office.outpost.database.read() as session:
        frozen = session.scalars(select(Freeze)).one()
        assert (frozen.kind, frozen.until > doing.now + timedelta(days=6)) == (INVITE, True)
        assert sum(session.scalars(select(QuotaUse.used).where(QuotaUse.kind == INVITE))) == 0


def test_a_session_that_died_stops_the_account_and_says_so(office: Office) -> None:
    site, doing = connected(office), Doing(office)
    at_work(office, [INVITE], ["marie-curie"])
    site.dead = True
    assert doing.attend().state is ActionState.FAILED_TEMPORARY
    with office.outpost.database.read() as session:
        assert session.get_one(Identity, office.identity_id).linkedin_state is LinkedInState.LOGGED_OUT
        assert "connect the account again" in session.scalars(select(LinkedInAccount.state_note)).one()


def test_without_consent_nothing_runs(office: Office) -> None:
    site, doing = connected(office), Doing(office)
    at_work(office, [INVITE], ["marie-curie"])
    with office.outpost.database.write() as session:
        linkedin_consent.take_back(makers.desk(session, office.workspace_id), office.identity_id)
    assert doing.attend().state is None
    assert actions(office)[0][2] is Reason.CONSENT_MISSING
    assert not site.done


def test_after_a_withdrawal_nobody_of_the_workspace_invites_that_person_for_21_days(office: Office) -> None:
    connected(office)
    at_work(office, [INVITE], ["marie-curie"])
    doing = Doing(office)
    with office.outpost.database.write() as session:
        other = makers.identity(session, office.workspace_id)
        gone = {"workspace_id": office.workspace_id, "identity_id": other.id, "profile": "linkedin.com/in/marie-curie"}
        session.add(LinkedInInvitation(**gone, sent_at=makers.LONG_AGO, withdrawn_at=doing.now - timedelta(days=3)))
    assert doing.attend().state is None
    with office.outpost.database.read() as session:
        action_id = session.scalars(select(Action.id)).one()
        facts = gather(session, [action_id], doing.now)[action_id]
        assert facts.cool_down_until == makers.MONDAY + timedelta(days=18)
    assert actions(office)[0][2] is Reason.COOL_DOWN


@pytest.mark.parametrize(
    ("told", "reason", "lead"),
    [
        ({"asks": "email"}, Reason.EMAIL_ASKED, LeadState.FAILED),
        ({"state": "follow_only"}, Reason.FOLLOW_ONLY, LeadState.FAILED),
        ({"name": "Somebody Else"}, Reason.WRONG_PERSON, LeadState.FAILED),
    ],
)
def test_what_is_so_about_the_person_ends_the_lead_and_spends_nothing(
    office: Office, told: dict[str, str], reason: Reason, lead: LeadState
) -> None:
    site, doing = connected(office), Doing(office)
    for name, value in told.items():
        setattr(_member(site, "marie-curie"), name, value)
    at_work(office, [INVITE], ["marie-curie"])
    assert doing.attend().state is ActionState.FAILED_PERMANENT
    assert (actions(office)[0][2], site.done) == (reason, [])
    with office.outpost.database.read() as session:
        assert session.scalars(select(Lead.state)).one() is lead
        assert sum(session.scalars(select(QuotaUse.used))) == 0


def _member(site: Site, slug: str) -> Member:
    return site.member(slug)
