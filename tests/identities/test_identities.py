"""Adding, editing, archiving identities."""

import dataclasses

import pytest
from sqlalchemy import select

from engine import identities, linkedin_accounts
from engine.contact_details import Contact
from engine.desk import Desk, Problem
from storage.database import Database
from storage.kinds import MailboxState
from storage.tables import Audit, Identity, Lane, WarmUp
from tests import makers
from tests.makers import MONDAY

ADA = Contact(
    "Ada", "Lovelace", "Head of Growth", "ada@acme.test", "+44 20 7946 0000", "linkedin.com/in/ada", "https://cal.com/ada"
)


def audited(desk: Desk) -> list[Audit]:
    desk.session.flush()
    return list(desk.session.scalars(select(Audit).order_by(Audit.id)))


@pytest.fixture
def desk(database: Database):
    with database.write() as session:
        makers.user(session, is_owner=True)
        yield makers.desk(session, makers.workspace(session).id)


def test_an_identity_is_created_with_all_its_fields_and_nothing_else(desk: Desk) -> None:
    made = identities.create(desk, ADA, "Asia/Kathmandu")
    kept = identities.get(desk, made)
    assert kept.contact == ADA
    assert (kept.zone, kept.days, kept.start, kept.end) == ("Asia/Kathmandu", frozenset({1, 2, 3, 4, 5}), 540, 1080)
    assert kept.created_at == MONDAY
    assert desk.session.scalars(select(Lane)).all() == []
    assert [(line.what, line.identity_id) for line in audited(desk)] == [("identity.created", made)]


def test_a_zone_that_does_not_exist_is_refused(desk: Desk) -> None:
    with pytest.raises(Problem):
        identities.create(desk, ADA, "Mars/Olympus_Mons")


def test_one_profile_is_one_identity_of_a_workspace(desk: Desk) -> None:
    first = identities.create(desk, ADA)
    with pytest.raises(Problem, match="Another identity of this workspace has this LinkedIn URL"):
        identities.create(desk, dataclasses.replace(ADA, linkedin_url="https://www.linkedin.com/in/Ada/?x=1"))
    identities.archive(desk, first)
    identities.create(desk, ADA)


def test_an_edit_is_audited_with_old_and_new_of_what_changed(desk: Desk) -> None:
    made = identities.create(desk, ADA)
    identities.edit_contact(desk, made, 1, dataclasses.replace(ADA, job_title="CEO"))
    line = audited(desk)[-1]
    assert (line.what, line.old, line.new) == (
        "identity.contact_edited",
        {"job_title": "Head of Growth"},
        {"job_title": "CEO"},
    )


def test_saving_what_is_there_already_leaves_no_line(desk: Desk) -> None:
    made = identities.create(desk, ADA)
    identities.edit_contact(desk, made, 1, ADA)
    assert len(audited(desk)) == 1


def test_the_second_of_two_people_who_save_is_told_and_changes_nothing(desk: Desk) -> None:
    made = identities.create(desk, ADA)
    assert identities.edit_contact(desk, made, 1, dataclasses.replace(ADA, job_title="CEO")) == 2
    with pytest.raises(Problem, match="Somebody changed this identity meanwhile"):
        identities.edit_contact(desk, made, 1, dataclasses.replace(ADA, job_title="CTO"))
    assert identities.get(desk, made).contact.job_title == "CEO"
    assert identities.edit_contact(desk, made, 2, dataclasses.replace(ADA, job_title="CTO")) == 3


def test_the_name_is_found_again_by_its_new_spelling(desk: Desk) -> None:
    made = identities.create(desk, ADA)
    identities.edit_contact(desk, made, 1, dataclasses.replace(ADA, first_name="ÅSA", last_name="Straße"))
    assert desk.session.get_one(Identity, made).sort_name == "åsa strasse"


def test_an_identity_in_use_is_not_archived_and_the_sentence_says_what_uses_it(desk: Desk) -> None:
    ada = makers.identity(desk.session, desk.workspace)
    makers.campaign(desk.session, ada)
    box = makers.mailbox(desk.session, ada)
    with pytest.raises(Problem, match="1 running campaign and 1 connected address"):
        identities.archive(desk, ada.id)
    box.state = MailboxState.DISCONNECTED
    with pytest.raises(Problem, match="1 running campaign;"):
        identities.archive(desk, ada.id)


def test_an_identity_whose_address_warms_up_is_not_archived_though_it_is_away(desk: Desk) -> None:
    ada = makers.identity(desk.session, desk.workspace)
    box = makers.mailbox(desk.session, ada, state=MailboxState.DISCONNECTED)
    running = WarmUp(mailbox_id=box.id, started_at=MONDAY, price_cents=0)
    desk.session.add(running)
    desk.session.flush()
    with pytest.raises(Problem, match="1 warm-up;"):
        identities.archive(desk, ada.id)
    running.stopped_at = MONDAY
    desk.session.flush()
    assert identities.archive(desk, ada.id) == MONDAY


def test_an_identity_whose_linkedin_is_connected_is_not_archived(desk: Desk) -> None:
    ada = makers.identity(desk.session, desk.workspace)
    account = linkedin_accounts.account_for(desk.session, ada, desk.now)
    account.session = b"sealed"
    with pytest.raises(Problem, match="1 connected LinkedIn account; pause the campaigns, stop the warm-ups"):
        identities.archive(desk, ada.id)
    linkedin_accounts.disconnect(desk, ada.id)
    assert identities.archive(desk, ada.id) == MONDAY


def test_archiving_is_undone_by_restoring(desk: Desk) -> None:
    made = identities.create(desk, ADA)
    identities.archive(desk, made)
    assert identities.get(desk, made).archived_at == MONDAY
    identities.restore(desk, made)
    assert identities.get(desk, made).archived_at is None
    assert [line.what for line in audited(desk)][1:] == ["identity.archived", "identity.restored"]
