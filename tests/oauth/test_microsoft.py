"""Microsoft's sign-in against the stand-in: consent, approval, refresh with rotation, and a sentence for every number."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.connections import microsoft
from engine.connections.microsoft_words import SENTENCES, explained
from engine.connections.oauth import App, Denial, Endpoints, Granted, SignInTrouble
from practice.oauth import StandIn
from practice.oauth_book import MICROSOFT_ID, MICROSOFT_SECRET, Policy, Unwell, tenant_of
from storage.kinds import Provider
from tests.oauth.conftest import MICROSOFT, RETURN
from tests.oauth.person import Person

ADA = "ada@acme.test"


def granted(where: Endpoints, person: Person, address: str = ADA, **answers: str) -> Granted:
    begun = microsoft.begin(MICROSOFT, where, RETURN, address, "the-state")
    return microsoft.finish(MICROSOFT, where, RETURN, begun.flow, person.answers(begun.url, **answers))


def trouble_of(where: Endpoints, person: Person, address: str = ADA, **answers: str) -> SignInTrouble:
    with pytest.raises(SignInTrouble) as caught:
        granted(where, person, address, **answers)
    return caught.value


def test_a_code_with_pkce_and_a_nonce_is_asked_for_the_address_that_is_meant(where: Endpoints) -> None:
    begun = microsoft.begin(MICROSOFT, where, RETURN, ADA, "the-state")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()}
    assert asked["login_hint"] == ADA
    assert asked["state"] == "the-state"
    assert asked["code_challenge_method"] == "S256"
    assert asked["nonce"]
    assert {microsoft.IMAP, microsoft.SMTP, "offline_access"} <= set(asked["scope"].split())
    assert begun.flow["code_verifier"] not in begun.url


def test_accepted_brings_tokens_the_address_and_the_tenant(where: Endpoints, person: Person) -> None:
    found = granted(where, person)
    assert (found.address, found.tenant) == (ADA, tenant_of(ADA))
    assert found.access_token
    assert found.refresh_token
    assert microsoft.missing(found.scopes) == ""


@pytest.mark.parametrize("shift", [-7200, 7200])
def test_a_clock_that_is_hours_off_spoils_nothing(where: Endpoints, person: Person, stand_in: StandIn, shift: int) -> None:
    stand_in.book.id_token_shift = shift
    assert granted(where, person).address == ADA


def test_a_scope_that_was_left_out_is_named() -> None:
    assert "SMTP.Send" in microsoft.missing(frozenset({microsoft.IMAP}))


def test_a_refresh_rotates_the_token_and_the_old_one_is_replaced(where: Endpoints, person: Person) -> None:
    found = granted(where, person)
    after = microsoft.refresh(MICROSOFT, where, found.refresh_token)
    assert after.refresh_token not in ("", found.refresh_token)
    assert microsoft.refresh(MICROSOFT, where, after.refresh_token).access_token


def test_a_declined_consent_connects_nothing(where: Endpoints, person: Person) -> None:
    trouble = trouble_of(where, person, answer="cancel")
    assert (trouble.denial, trouble.sentence) == (Denial.CANCELLED, SENTENCES[65004])


def test_approval_required_is_told_as_that_until_the_administrator_consented(
    where: Endpoints, person: Person, stand_in: StandIn
) -> None:
    stand_in.book.policies["acme.test"] = Policy.APPROVAL
    assert trouble_of(where, person).denial is Denial.APPROVAL_NEEDED
    link = microsoft.consent_link(MICROSOFT, where, RETURN, "s2")
    answer = person.answers(link, email="admin@acme.test")
    assert (answer["admin_consent"], answer["tenant"], answer["state"]) == ("True", tenant_of(ADA), "s2")
    assert granted(where, person).address == ADA


def test_a_conditional_access_policy_is_told_as_that(where: Endpoints, person: Person) -> None:
    trouble = trouble_of(where, person, "ada@blocked.test")
    assert (trouble.denial, trouble.sentence) == (Denial.REFUSED, SENTENCES[53003])


def test_the_administrators_link_never_names_common(where: Endpoints) -> None:
    for tenant in ("", "common", "consumers", "organizations"):
        app = App(Provider.MICROSOFT, MICROSOFT_ID, MICROSOFT_SECRET, tenant)
        assert "/organizations/v2.0/adminconsent?" in microsoft.consent_link(app, where, RETURN, "s")
    assert "Mail.Send" not in microsoft.consent_link(MICROSOFT, where, RETURN, "s")
    assert "Mail.Send" in microsoft.consent_link(replace(MICROSOFT, by_graph=True), where, RETURN, "s")
    assert microsoft.consent_link(MICROSOFT, Endpoints(), RETURN, "s").startswith(
        "https://login.microsoftonline.com/organizations/v2.0/adminconsent?"
    )


def test_an_answer_of_another_sign_in_is_refused(where: Endpoints, person: Person) -> None:
    begun, other = (microsoft.begin(MICROSOFT, where, RETURN, ADA, state) for state in ("one", "two"))
    with pytest.raises(SignInTrouble, match="does not fit this sign-in"):
        microsoft.finish(MICROSOFT, where, RETURN, other.flow, person.answers(begun.url))
    mixed = {**other.flow, "state": "one"}
    with pytest.raises(SignInTrouble, match="used already"):
        microsoft.finish(MICROSOFT, where, RETURN, mixed, person.answers(begun.url))


# The facts' table: what a person signing in is told, whatever the number says decided on `error`.
AT_CONSENT = [
    ("access_denied", 65004, Denial.CANCELLED),
    ("access_denied", 90094, Denial.APPROVAL_NEEDED),
    ("access_denied", 90093, Denial.APPROVAL_NEEDED),
    ("access_denied", 90095, Denial.APPROVAL_NEEDED),
    ("access_denied", 900941, Denial.APPROVAL_NEEDED),
    ("access_denied", 900981, Denial.APPROVAL_NEEDED),
    ("access_denied", 0, Denial.CANCELLED),
    ("consent_required", 65001, Denial.APPROVAL_NEEDED),
    ("consent_required", 0, Denial.APPROVAL_NEEDED),
    ("invalid_grant", 65001, Denial.APPROVAL_NEEDED),
    ("interaction_required", 53003, Denial.REFUSED),
    ("invalid_client", 7000222, Denial.APP_WRONG),
    ("invalid_client", 7000215, Denial.APP_WRONG),
    ("invalid_resource", 650056, Denial.APP_WRONG),
    ("invalid_client", 65005, Denial.APP_WRONG),
    ("unauthorized_client", 700016, Denial.APP_WRONG),
    ("invalid_request", 50194, Denial.APP_WRONG),
    ("invalid_request", 50011, Denial.APP_WRONG),
    ("server_error", 0, Denial.UNWELL),
    ("temporarily_unavailable", 90090, Denial.UNWELL),
    ("brand_new_error", 0, Denial.REFUSED),
]


@pytest.mark.parametrize(("error", "number", "denial"), AT_CONSENT, ids=str)
def test_each_answer_at_the_consent_is_decided_by_its_error_and_explained_by_its_number(
    where: Endpoints, error: str, number: int, denial: Denial
) -> None:
    query = {"error": error, "error_description": f"AADSTS{number}: words of theirs" if number else "words of theirs"}
    with pytest.raises(SignInTrouble) as caught:
        microsoft.finish(MICROSOFT, where, RETURN, {}, query)
    assert caught.value.denial is denial
    assert "AADSTS" not in caught.value.sentence
    if number and denial is not Denial.UNWELL:
        assert caught.value.sentence == SENTENCES[number]


AT_REFRESH = [
    ("invalid_grant", 700082, Denial.ENDED),
    ("invalid_grant", 50173, Denial.ENDED),
    ("invalid_grant", 70008, Denial.ENDED),
    ("invalid_grant", 70043, Denial.ENDED),
    ("invalid_grant", 65001, Denial.ENDED),
    ("interaction_required", 53003, Denial.ENDED),
    ("interaction_required", 50076, Denial.ENDED),
    ("invalid_client", 7000222, Denial.APP_WRONG),
    ("unauthorized_client", 700016, Denial.APP_WRONG),
    ("temporarily_unavailable", 90090, Denial.UNWELL),
]


@pytest.mark.parametrize(("error", "number", "denial"), AT_REFRESH, ids=str)
def test_each_answer_at_a_refresh_ends_the_grant_or_does_not(
    where: Endpoints, person: Person, stand_in: StandIn, error: str, number: int, denial: Denial
) -> None:
    found = granted(where, person)
    stand_in.book.refusals.append((error, f"AADSTS{number}: words of theirs"))
    with pytest.raises(SignInTrouble) as caught:
        microsoft.refresh(MICROSOFT, where, found.refresh_token)
    assert caught.value.denial is denial
    assert microsoft.refresh(MICROSOFT, where, found.refresh_token).access_token  # and no answer is replayed by msal


@pytest.mark.parametrize("unwell", list(Unwell))
def test_a_provider_in_trouble_ends_no_grant(where: Endpoints, person: Person, stand_in: StandIn, unwell: Unwell) -> None:
    found = granted(where, person)
    begun = microsoft.begin(MICROSOFT, where, RETURN, ADA, "s")
    back = person.answers(begun.url)
    stand_in.book.unwell = unwell
    for ask in (
        lambda: microsoft.refresh(MICROSOFT, where, found.refresh_token),
        lambda: microsoft.finish(MICROSOFT, where, RETURN, begun.flow, back),
    ):
        with pytest.raises(SignInTrouble, match="can't answer at the moment") as caught:
            ask()
        assert caught.value.denial is Denial.UNWELL
    stand_in.book.unwell = None
    assert microsoft.refresh(MICROSOFT, where, found.refresh_token).access_token


def test_a_tenant_that_does_not_exist_and_nobody_there_are_told_apart(where: Endpoints) -> None:
    nowhere = App(Provider.MICROSOFT, MICROSOFT_ID, MICROSOFT_SECRET, "nowhere.test")
    with pytest.raises(SignInTrouble, match="does not know this tenant"):
        microsoft.begin(nowhere, where, RETURN, ADA, "s")
    with pytest.raises(SignInTrouble, match="can't be reached"):
        microsoft.begin(MICROSOFT, Endpoints(microsoft="https://localhost:1"), RETURN, ADA, "s")
    with pytest.raises(SignInTrouble, match="not trusted, so nothing was sent"):
        microsoft.begin(MICROSOFT, Endpoints(microsoft=where.microsoft), RETURN, ADA, "s")


def test_every_sentence_is_one_that_a_person_can_act_on() -> None:
    for number, sentence in SENTENCES.items():
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert explained(f"AADSTS{number}: whatever. Trace ID: 1") == sentence
    assert explained("AADSTS1234567: unheard of") == ""
