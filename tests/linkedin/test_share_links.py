"""Share links: 24 hours, used once by a submit and never by opening, nothing of the workspace but its name."""

import re
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import linkedin_sign_ins, share_links, workspaces
from engine.desk import Problem, perform
from engine.sessions import Browser
from practice.linkedin.server import PASSWORD
from storage.kinds import LinkedInSignInState
from storage.tables import Audit, LinkedInConsent, LinkedInSignIn, ShareLink
from tests import makers
from tests.linkedin.conftest import Office
from tests.makers import MONDAY

SCANNER = Browser("203.0.113.9", "a mail scanner")
OWNER = Browser("198.51.100.7", "a phone")


def make(office: Office) -> str:
    return perform(
        office.outpost.database,
        makers.OWNER,
        office.workspace_id,
        MONDAY,
        share_links.make,
        identity_id=office.identity_id,
    )


def submit(office: Office, token: str, after: timedelta = timedelta(minutes=5), *, accepts: bool = True) -> None:
    with office.outpost.database.write() as session:
        share_links.submit(
            session,
            office.outpost.vault,
            token,
            "Ada Lovelace",
            "ada.lovelace@example.com",
            PASSWORD,
            accepts,
            OWNER,
            MONDAY + after,
        )


def test_opening_it_a_hundred_times_uses_nothing_up(office: Office) -> None:
    token = make(office)
    for _ in range(100):
        with office.outpost.database.write() as session:
            share_links.note_opened(session, token, SCANNER, MONDAY)
    submit(office, token)
    with office.outpost.database.read() as session:
        link = session.scalars(select(ShareLink)).one()
        consent = session.scalars(select(LinkedInConsent)).one()
        begun = session.scalars(select(LinkedInSignIn)).one()
    assert (link.opened, link.opened_from) == (100, "203.0.113.9 · a mail scanner")
    assert (consent.accepted_by, consent.address) == ("Ada Lovelace", "198.51.100.7")
    assert (begun.share_link_id, begun.state) == (link.id, LinkedInSignInState.WAITING)


def test_of_fifty_submits_at_once_one_gets_through(office: Office) -> None:
    token, through, refused = make(office), [], []

    def try_it() -> None:
        try:
            submit(office, token)
            through.append(1)
        except Problem:
            refused.append(1)

    threads = [threading.Thread(target=try_it) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(through), len(refused)) == (1, 49)


@pytest.mark.parametrize("late", [timedelta(hours=24), timedelta(hours=24, seconds=1), timedelta(days=400)])
def test_after_24_hours_it_is_over(office: Office, late: timedelta) -> None:
    token = make(office)
    with pytest.raises(Problem, match="older than 24 hours"):
        submit(office, token, late)
    submit(office, token, timedelta(hours=23, minutes=59, seconds=59))


def test_a_revoked_an_older_and_a_guessed_one_answer_alike(office: Office) -> None:
    older, token = make(office), make(office)
    with office.outpost.database.read() as session:
        link_id = session.scalars(select(ShareLink.id).order_by(ShareLink.id.desc())).first()
    given = {"identity_id": office.identity_id, "link": link_id}
    perform(office.outpost.database, makers.OWNER, office.workspace_id, MONDAY, share_links.revoke, **given)
    for tried in (older, token, "guessed", "", "x" * 43):
        with office.outpost.database.read() as session, pytest.raises(Problem) as said:
            share_links.look(session, tried, MONDAY)
        assert str(said.value) == share_links.GONE


def test_without_the_consent_nothing_is_used_up(office: Office) -> None:
    token = make(office)
    with pytest.raises(Problem, match="tick"):
        submit(office, token, accepts=False)
    submit(office, token)


def test_a_problem_of_the_form_uses_nothing_up(office: Office) -> None:
    token = make(office)
    with pytest.raises(Problem, match="not an e-mail"), office.outpost.database.write() as session:
        share_links.submit(session, office.outpost.vault, token, "Ada", "ada", PASSWORD, True, OWNER, MONDAY)
    submit(office, token)


def test_the_database_and_the_audit_log_hold_neither_token_nor_password(office: Office) -> None:
    token = make(office)
    submit(office, token)
    content = b"".join(path.read_bytes() for path in office.outpost.config.data.glob("outpost.db*"))
    assert token.encode() not in content
    assert PASSWORD.encode() not in content
    with office.outpost.database.read() as session:
        lines = [line.what for line in session.scalars(select(Audit).order_by(Audit.id))]
    assert lines == ["share_link.made", "linkedin.consent_accepted", "linkedin.sign_in_begun", "share_link.used"]


def test_what_another_began_is_not_shown_behind_the_link(office: Office) -> None:
    token = make(office)
    submit(office, token)
    database, vault = office.outpost.database, office.outpost.vault
    perform(database, makers.OWNER, office.workspace_id, MONDAY, linkedin_sign_ins.give_up, office.identity_id)
    given = (office.identity_id, "other@example.com", PASSWORD, "Ada", vault)
    perform(database, makers.OWNER, office.workspace_id, MONDAY, linkedin_sign_ins.begin, *given)
    with database.read() as session:
        assert share_links.look(session, token, MONDAY).progress is None
    with database.write() as session, pytest.raises(Problem):
        share_links.answer(session, vault, token, 0, "code", "123456", MONDAY)


def test_a_link_whose_sign_in_went_through_begins_no_other(office: Office) -> None:
    token = make(office)
    submit(office, token)
    database, given = office.outpost.database, ("ada.lovelace@example.com", PASSWORD, MONDAY)
    for state in (LinkedInSignInState.DONE, LinkedInSignInState.TIMED_OUT):
        with database.write() as session:
            linkedin_sign_ins.close(session.scalars(select(LinkedInSignIn)).one(), state, "", MONDAY)
        with database.write() as session:
            if state is LinkedInSignInState.DONE:
                with pytest.raises(Problem, match="does not work any more"):
                    share_links.again(session, office.outpost.vault, token, *given)
            else:
                share_links.again(session, office.outpost.vault, token, *given)


def test_nobody_comes_into_a_workspace_that_was_put_away(office: Office) -> None:
    token = make(office)
    with office.outpost.database.write() as session:
        workspaces.archive(makers.desk(session), archived_id=office.workspace_id)
    with office.outpost.database.read() as session, pytest.raises(Problem, match="does not work any more"):
        share_links.look(session, token, MONDAY)
    with pytest.raises(Problem, match="does not work any more"):
        submit(office, token)


def test_a_contract_that_linkedin_did_not_offer_is_refused(office: Office) -> None:
    token = make(office)
    submit(office, token)
    with office.outpost.database.write() as session:
        row = session.scalars(select(LinkedInSignIn)).one()
        row.state, row.asked, row.asked_number = LinkedInSignInState.CONTRACT, {"options": ["Acme", "Acme Labs"]}, 1
    given = (office.outpost.vault, token, 1, "contract")
    with office.outpost.database.write() as session, pytest.raises(Problem, match="one of the contracts"):
        share_links.answer(session, *given, "Another", MONDAY)
    with office.outpost.database.write() as session:
        assert session.scalars(select(LinkedInSignIn)).one().answer is None
        share_links.answer(session, *given, "Acme Labs", MONDAY)
        assert session.scalars(select(LinkedInSignIn)).one().answer is not None


def test_the_token_has_256_bits(office: Office) -> None:
    assert re.fullmatch(r"[\w-]{43}", make(office))
