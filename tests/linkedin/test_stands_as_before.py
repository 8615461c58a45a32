"""A sign-in that comes to nothing leaves the account as it stood before: one that could act goes on acting."""

import pytest
from sqlalchemy import select

from engine import linkedin_accounts, linkedin_browsing, linkedin_sign_ins
from engine.channels.linkedin.outcomes import CodeAsked, CodeKind
from engine.desk import perform
from engine.linkedin_browsing import SignIns
from practice.linkedin.server import PASSWORD
from storage.kinds import LinkedInSignInState, LinkedInState
from storage.tables import Audit, Identity, LinkedInSignIn
from tests import makers
from tests.linkedin.conftest import Office, connected
from tests.makers import MONDAY

EMAIL = "ada.lovelace@example.com"


def begin(office: Office) -> None:
    given = (office.identity_id, EMAIL, PASSWORD, "Ada Lovelace", office.outpost.vault)
    perform(office.outpost.database, makers.OWNER, office.workspace_id, MONDAY, linkedin_sign_ins.begin, *given)


def stands(office: Office) -> LinkedInState:
    with office.outpost.database.read() as session:
        return session.get_one(Identity, office.identity_id).linkedin_state


@pytest.mark.parametrize(
    "before",
    [
        LinkedInState.NEVER,
        LinkedInState.CONNECTED,
        LinkedInState.LOGGED_OUT,
        LinkedInState.CAPTCHA,
        LinkedInState.DISCONNECTED,
    ],
)
def test_a_code_that_nobody_types_changes_nothing(office: Office, before: LinkedInState) -> None:
    database = office.outpost.database
    if before is not LinkedInState.NEVER:
        connected(office)
        with database.write() as session:
            linkedin_accounts.stand(session, office.identity_id, before, "", MONDAY)
            account = linkedin_accounts.account_of(session, office.identity_id)
            if account is not None and before is LinkedInState.DISCONNECTED:
                account.session = None
    begin(office)
    for error in ("", "That code is wrong."):
        with database.write() as session:
            row = session.scalars(select(LinkedInSignIn)).one()
            linkedin_browsing._show(session, row, CodeAsked(CodeKind.SMS, "+34 … 12", error), MONDAY)
        assert stands(office) is LinkedInState.CODE_NEEDED
    perform(database, makers.OWNER, office.workspace_id, MONDAY, linkedin_sign_ins.give_up, office.identity_id)
    assert stands(office) is before


def test_a_restriction_and_its_end_are_in_the_audit_log(office: Office) -> None:
    connected(office)
    for state in (LinkedInState.RESTRICTED, LinkedInState.RESTRICTED, LinkedInState.LOGGED_OUT):
        with office.outpost.database.write() as session:
            linkedin_accounts.seen(session, office.identity_id, state, "a page", MONDAY)
    with office.outpost.database.read() as session:
        lines = session.scalars(select(Audit).where(Audit.what == "linkedin.state_changed").order_by(Audit.id)).all()
    assert [(line.actor, line.old, line.new) for line in lines] == [
        ("worker", {"state": "connected"}, {"state": "restricted", "why": "a page"}),
        ("worker", {"state": "restricted"}, {"state": "logged_out", "why": "a page"}),
    ]


@pytest.mark.parametrize(("alone", "state"), [(True, LinkedInSignInState.FAILED), (False, LinkedInSignInState.WORKING)])
def test_only_a_worker_that_is_alone_knows_that_another_is_dead(
    office: Office, alone: bool, state: LinkedInSignInState
) -> None:
    begin(office)
    with office.outpost.database.write() as session:
        row = session.scalars(select(LinkedInSignIn)).one()
        row.password, row.holder, row.state = None, "another boot", LinkedInSignInState.WORKING
    SignIns(office.outpost, office.driver, "boot", lambda: MONDAY, alone).attend()
    with office.outpost.database.read() as session:
        assert session.scalars(select(LinkedInSignIn.state)).one() is state
