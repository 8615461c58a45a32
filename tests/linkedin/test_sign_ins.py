"""Signing in at the stand-in LinkedIn: whatever it asks is put to a person, and nothing secret stays."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import clock, linkedin_accounts, linkedin_sign_ins
from engine.desk import Problem, perform
from engine.linkedin_browsing import SignIns
from engine.linkedin_sign_ins import Progress
from practice.linkedin.server import PASSWORD
from storage.kinds import CONSENT_VERSION, ActionKind, LinkedInSignInState, LinkedInState, QuotaClock
from storage.tables import Audit, Identity, LimitSetting, LinkedInAccount, LinkedInConsent, LinkedInSignIn
from tests import makers
from tests.bed.bed import wait_until
from tests.linkedin.conftest import Office

pytestmark = pytest.mark.browser


def begin(office: Office, email: str, password: str = PASSWORD, *, owner: str = "Ada Lovelace") -> SignIns:
    given = (office.identity_id, email, password, owner, office.outpost.vault)
    perform(office.outpost.database, makers.OWNER, office.workspace_id, clock.now(), linkedin_sign_ins.begin, *given)
    worker = SignIns(office.outpost, office.driver, "boot", clock.now)
    worker.attend()
    return worker


def progress(office: Office) -> Progress:
    with office.outpost.database.read() as session:
        found = linkedin_sign_ins.progress_of(session, office.identity_id)
    assert found is not None
    return found


def reach(office: Office, *states: LinkedInSignInState) -> Progress:
    wait_until(lambda: progress(office).state in states, f"the sign-in to be {states}: {progress(office)}", 40)
    return progress(office)


def answer(office: Office, what: str, value: str, number: int | None = None) -> None:
    asked = progress(office).number if number is None else number
    given = (office.identity_id, asked, what, value, office.outpost.vault)
    perform(office.outpost.database, makers.OWNER, office.workspace_id, clock.now(), linkedin_sign_ins.answer, *given)


def stands(office: Office) -> LinkedInState:
    with office.outpost.database.read() as session:
        return session.get_one(Identity, office.identity_id).linkedin_state


def test_a_code_given_wrong_and_then_right_connects_and_leaves_no_secret(office: Office) -> None:
    begin(office, "ada.lovelace+sms@example.com")
    first = reach(office, LinkedInSignInState.CODE)
    assert (first.code_kind, stands(office)) == ("sms", LinkedInState.CODE_NEEDED)
    answer(office, "code", "000 000")
    wait_until(lambda: bool(progress(office).error), "LinkedIn to say that the code is wrong", 40)
    with pytest.raises(Problem, match="something else"):
        answer(office, "code", "123456", first.number)
    answer(office, "code", "123456")
    reach(office, LinkedInSignInState.DONE)
    with office.outpost.database.read() as session:
        row = session.scalars(select(LinkedInSignIn)).one()
        account = session.scalars(select(LinkedInAccount)).one()
        consent = session.scalars(select(LinkedInConsent)).one()
        said = json.dumps([[line.what, line.new] for line in session.scalars(select(Audit))])
        assert (row.password, row.answer) == (None, None)
        assert account.session is not None
        assert b"li_at" not in account.session
        assert "li_at" in str(linkedin_accounts.session_of(session, office.outpost.vault, office.identity_id))
        assert (consent.accepted_by, consent.version) == (
            f"Ada Lovelace (recorded by {makers.OWNER.label})",
            CONSENT_VERSION,
        )
    assert PASSWORD not in said
    assert "123456" not in said
    assert (stands(office), account.profile) == (LinkedInState.CONNECTED, "linkedin.com/in/ada-lovelace")
    assert office.sites.accounts["ada.lovelace+sms@example.com"].submitted == 1


def test_a_new_account_begins_low_and_rises_for_two_weeks(office: Office) -> None:
    begin(office, "ada.lovelace@example.com")
    reach(office, LinkedInSignInState.DONE)
    with office.outpost.database.read() as session:
        of_day = select(LimitSetting).where(
            LimitSetting.kind == ActionKind.CONNECTION_REQUEST, LimitSetting.clock == QuotaClock.LOCAL_DAY
        )
        rows = session.scalars(of_day.order_by(LimitSetting.since)).all()
    assert (rows[0].value, rows[-1].value) == (5, 20)
    assert rows[-1].since - rows[0].since == timedelta(days=13)
    assert [row.value for row in rows] == sorted({row.value for row in rows})


@pytest.mark.parametrize(
    ("email", "password", "state", "account"),
    [
        ("ada.lovelace@example.com", "wrong", LinkedInSignInState.WRONG_CREDENTIALS, LinkedInState.NEVER),
        ("ada.lovelace+captcha@example.com", PASSWORD, LinkedInSignInState.CAPTCHA, LinkedInState.CAPTCHA),
        ("ada.lovelace+document@example.com", PASSWORD, LinkedInSignInState.UNKNOWN_CHECK, LinkedInState.CAPTCHA),
    ],
)
def test_what_ends_a_sign_in_is_said_and_nothing_is_tried_again(
    office: Office, email: str, password: str, state: LinkedInSignInState, account: LinkedInState
) -> None:
    worker = begin(office, email, password)
    ended = reach(office, state)
    assert (stands(office), ended.note != "") == (account, True)
    assert (ended.picture is not None) == (account is LinkedInState.CAPTCHA)
    worker.attend()
    assert office.sites.accounts[email].submitted == 1


def test_the_app_s_approval_is_waited_for(office: Office) -> None:
    site = office.sites.of("ada.lovelace+app@example.com")
    site.approved_after = 1_000_000
    begin(office, "ada.lovelace+app@example.com")
    reach(office, LinkedInSignInState.APPROVE)
    assert stands(office) is LinkedInState.APPROVE_IN_APP
    site.approved_after = 0
    reach(office, LinkedInSignInState.DONE)


def test_the_sign_in_must_be_the_identity_s_own(office: Office) -> None:
    with office.outpost.database.write() as session:
        session.get_one(Identity, office.identity_id).linkedin_url = "linkedin.com/in/somebody-else"
    begin(office, "ada.lovelace@example.com")
    ended = reach(office, LinkedInSignInState.OTHER_PROFILE)
    assert "linkedin.com/in/ada-lovelace" in ended.note
    assert stands(office) is LinkedInState.NEVER


def test_without_the_owner_s_consent_nothing_begins(office: Office) -> None:
    with pytest.raises(Problem, match="risk notice"):
        begin(office, "ada.lovelace@example.com", owner=" ")
    assert not office.sites.accounts


def test_one_given_up_ends_and_one_of_a_dead_worker_says_so(office: Office) -> None:
    begin(office, "ada.lovelace+email@example.com")
    reach(office, LinkedInSignInState.CODE)
    SignIns(office.outpost, office.driver, "another boot", clock.now).attend()
    assert "restarted" in reach(office, LinkedInSignInState.FAILED).note
    begin(office, "ada.lovelace+email@example.com")
    reach(office, LinkedInSignInState.CODE)
    given = (office.identity_id,)
    perform(office.outpost.database, makers.OWNER, office.workspace_id, clock.now(), linkedin_sign_ins.give_up, *given)
    assert (progress(office).state, stands(office)) == (LinkedInSignInState.CANCELLED, LinkedInState.NEVER)
