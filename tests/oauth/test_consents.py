"""The admin-consent kit: what is handed to the client's administrator, and what each of their answers does."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import consent_texts, consents, provider_apps
from engine.connections.microsoft_words import SENTENCES
from engine.desk import Problem
from engine.provider_apps import AppForm
from practice.oauth_book import MICROSOFT_ID, MICROSOFT_SECRET
from storage.kinds import AlertKind, MailboxState, Provider
from storage.tables import AdminConsent, Alert, Audit, Mailbox
from tests import makers
from tests.makers import MONDAY
from tests.oauth.office import RETURN, VAULT, Office

ADA = "ada@approval.test"


def asked(here: Office, address: str = ADA) -> consents.Kit:
    with here.database.write() as session:
        given = {"identity_id": here.identity_id, "address": address, "vault": VAULT}
        mailbox_id = consents.ask_administrator(here.desk(session), **given)  # type: ignore[arg-type]
    return kit(here, mailbox_id)


def kit(here: Office, mailbox_id: int) -> consents.Kit:
    with here.database.read() as session:
        found = consents.kit_of(here.desk(session), mailbox_id=mailbox_id, vault=VAULT, where=here.where, redirect=RETURN)
    assert found
    return found


def answered(here: Office, query: dict[str, str]) -> consents.Answered:
    with here.database.write() as session:
        return consents.answered(session, query, here.now)


def alerts_up(here: Office) -> list[str]:
    with here.database.read() as session:
        return list(session.scalars(select(Alert.sentence).where(Alert.cleared_at.is_(None))))


def box(here: Office, address: str = ADA) -> Mailbox:
    found = here.mailbox(address)
    assert found
    return found


def test_approval_required_waits_then_approved_then_connected_on_one_row(here: Office) -> None:
    back = here.sign_in(Provider.MICROSOFT, ADA)
    assert here.result(back).is_waiting
    waiting = box(here)
    assert (waiting.state, waiting.state_note) == (MailboxState.WAITING_FOR_APPROVAL, SENTENCES[90094])
    answer = here.person.answers(asked(here).link, email="root@approval.test")
    assert answered(here, answer).is_approved
    assert box(here).state is MailboxState.RECONNECT_NEEDED
    assert "approved the app on 23 November 2026: sign in with Microsoft 365 now" in box(here).state_note
    assert kit(here, waiting.id).approved_at == MONDAY
    assert alerts_up(here) == [box(here).state_note]
    assert here.sign_in(Provider.MICROSOFT, ADA).is_connected
    assert (box(here).id, box(here).state) == (waiting.id, MailboxState.OK)
    assert alerts_up(here) == []


def test_the_message_names_the_app_the_person_and_what_each_permission_is_for(here: Office) -> None:
    found = asked(here)
    for words in ("Ada Lovelace", ADA, "Acme", MICROSOFT_ID, found.link, "IMAP.AccessAsUser.All", "SMTP.Send"):
        assert words in found.message
    assert MICROSOFT_SECRET not in found.message
    assert "Mail.Send" not in found.message
    assert "/organizations/v2.0/adminconsent?" in found.link


def test_where_graph_is_allowed_its_permissions_are_asked_and_explained(here: Office) -> None:
    form = AppForm(Provider.MICROSOFT, MICROSOFT_ID, MICROSOFT_SECRET, sends_by_graph=True)
    with here.database.write() as session:
        provider_apps.set_installation_app(makers.desk(session), form=form, vault=VAULT)
    found = asked(here)
    assert "Mail.Send, Mail.ReadWrite" in found.message
    assert "Mail.ReadWrite" in found.link


def test_asking_before_any_try_makes_the_address_wait(here: Office) -> None:
    asked(here)
    assert box(here).state is MailboxState.WAITING_FOR_APPROVAL
    assert "was asked to approve the app on 23 November 2026" in box(here).state_note


def test_a_refusal_shows_with_its_date_and_a_new_link_can_be_made(here: Office) -> None:
    answer = here.person.answers(asked(here).link, answer="cancel")
    told = answered(here, answer)
    assert not told.is_approved
    assert (box(here).state, box(here).state_note) == (MailboxState.REFUSED, SENTENCES[65004])
    assert kit(here, box(here).id).refused_at == MONDAY
    assert alerts_up(here) == [SENTENCES[65004]]
    again = asked(here)
    assert (again.approved_at, again.refused_at) == (None, None)
    assert box(here).state is MailboxState.WAITING_FOR_APPROVAL


@pytest.mark.parametrize("query", [{}, {"state": "made up", "admin_consent": "True"}, {"admin_consent": "True"}])
def test_an_answer_to_no_link_of_ours_changes_nothing(here: Office, query: dict[str, str]) -> None:
    asked(here)
    with pytest.raises(Problem, match="no longer good"):
        answered(here, query)
    assert box(here).state is MailboxState.WAITING_FOR_APPROVAL


def test_a_link_is_answered_once_and_only_for_sixty_days(here: Office) -> None:
    answer = here.person.answers(asked(here).link, email="root@approval.test")
    answered(here, answer)
    with pytest.raises(Problem, match="answered already"):
        answered(here, answer)
    late = here.person.answers(asked(here).link, email="root@approval.test")
    here.now = MONDAY + consents.LIFE
    with pytest.raises(Problem):
        answered(here, late)


@pytest.mark.parametrize("answer", [{"admin_consent": "False"}, {"admin_consent": "True", "error": "access_denied"}, {}])
def test_only_a_clear_yes_is_an_approval(here: Office, answer: dict[str, str]) -> None:
    link = asked(here).link
    state = dict(pair.split("=", 1) for pair in link.split("?")[1].split("&"))["state"]
    assert not answered(here, {"state": state, **answer}).is_approved


def test_an_approval_of_an_address_that_works_already_changes_nothing(here: Office) -> None:
    here.stand_in.book.approved.add((MICROSOFT_ID, "approval.test"))
    link = asked(here).link
    here.sign_in(Provider.MICROSOFT, ADA)
    here.now = MONDAY + timedelta(hours=1)
    answered(here, here.person.answers(link, email="root@approval.test"))
    assert box(here).state is MailboxState.OK


def test_the_state_is_sealed_and_in_no_audit_line(here: Office) -> None:
    link = asked(here).link
    state = link.split("state=")[1]
    with here.database.read() as session:
        row = session.scalars(select(AdminConsent)).one()
        audited = str([(line.old, line.new) for line in session.scalars(select(Audit))])
    assert state not in audited + row.state_hash
    assert row.state
    assert state.encode() not in row.state


def test_each_answer_is_told_as_an_administrator_s_answer(here: Office) -> None:
    answered(here, here.person.answers(asked(here).link, answer="cancel"))
    answered(here, here.person.answers(asked(here).link, email="root@approval.test"))
    with here.database.read() as session:
        assert [alert.kind for alert in session.scalars(select(Alert).order_by(Alert.id))] == [AlertKind.CONSENT] * 2


@pytest.mark.parametrize("language", list(consent_texts.LANGUAGES))
def test_the_message_is_whole_in_every_language(here: Office, language: str) -> None:
    asked(here)
    with here.database.read() as session:
        given = {"vault": VAULT, "where": here.where, "redirect": RETURN, "language": language}
        found = consents.kit_of(here.desk(session), mailbox_id=box(here).id, **given)  # type: ignore[arg-type]
    assert found is not None
    for words in (found.link, MICROSOFT_ID, ADA, "- IMAP.AccessAsUser.All: ", "- SMTP.Send: ", "- offline_access: "):
        assert words in found.message
    assert "{" not in found.message
    assert "Mail.ReadWrite" in consent_texts.message(language, by_graph=True, **dict.fromkeys(_VALUES, "x"))


_VALUES = ("identity", "address", "workspace", "link", "client_id")


def test_no_language_has_another_one_s_words() -> None:
    told = [consent_texts.message(each, by_graph=True, **dict.fromkeys(_VALUES, "x")) for each in consent_texts.LANGUAGES]
    lines = [line for text in told for line in set(text.splitlines()) if len(line) > 30]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    ("spoken", "country", "zone", "language"),
    [
        ("fr", "DE", "Europe/Berlin", "fr"),  # what was chosen for its mails
        ("en", "DE", "Europe/Madrid", "de"),
        ("en", "US-CA", "Europe/Madrid", "en"),  # a country is surer than a zone
        ("en", "CH-GE", "Europe/Zurich", "fr"),
        ("en", "CH", "Europe/Zurich", "de"),
        ("en", "", "Europe/Madrid", "es"),
        ("en", "", "Europe/Lisbon", "pt"),
        ("en", "", "UTC", "en"),
    ],
)
def test_the_language_is_the_one_that_fits_the_identity(spoken: str, country: str, zone: str, language: str) -> None:
    assert consent_texts.language_for(spoken, country, zone) == language
