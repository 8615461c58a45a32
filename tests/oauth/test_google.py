"""Google's sign-in against the stand-in: consent, boxes that were unticked, refresh, revocation, and every refusal."""

from urllib.parse import parse_qs, urlsplit

import pytest

from engine.connections import google
from engine.connections.oauth import App, Denial, Endpoints, Granted, SignInTrouble
from practice.oauth import StandIn
from practice.oauth_book import GOOGLE_ID, Unwell
from storage.kinds import Provider
from tests.oauth.conftest import GOOGLE, RETURN
from tests.oauth.person import Person

ADA = "ada@acme.test"


def granted(where: Endpoints, person: Person, **answers: str) -> Granted:
    begun = google.begin(GOOGLE, where, RETURN, ADA, "the-state")
    brought = google.finish(GOOGLE, where, RETURN, begun.flow, person.answers(begun.url, **answers))
    return google.identified(where, brought)


def test_the_consent_is_asked_offline_with_pkce_for_the_address_that_is_meant(where: Endpoints) -> None:
    begun = google.begin(GOOGLE, where, RETURN, ADA, "the-state")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()}
    assert asked["access_type"] == "offline"
    assert asked["prompt"] == "consent"
    assert asked["login_hint"] == ADA
    assert asked["state"] == "the-state"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == RETURN
    assert set(asked["scope"].split()) == set(google.SCOPES)
    assert begun.flow["verifier"] not in begun.url
    assert "secret" not in repr(begun)


def test_production_is_the_default_and_one_setting_names_the_stand_in(where: Endpoints) -> None:
    assert google.begin(GOOGLE, Endpoints(), RETURN, ADA, "s").url.startswith(
        "https://accounts.google.com/o/oauth2/v2/auth?"
    )
    assert where.is_stand_in
    assert not Endpoints().is_stand_in


def test_allowed_brings_tokens_and_the_address_that_signed_in(where: Endpoints, person: Person) -> None:
    found = granted(where, person)
    assert found.address == ADA
    assert found.access_token
    assert found.refresh_token
    assert found.seconds == 3600
    assert google.missing(found.scopes) == ""
    assert "token" not in repr(found).replace("access_token", "").replace("refresh_token", "")


def test_a_second_consent_brings_a_refresh_token_again(where: Endpoints, person: Person) -> None:
    assert granted(where, person).refresh_token
    assert granted(where, person).refresh_token


def test_another_account_that_was_chosen_is_seen(where: Endpoints, person: Person) -> None:
    assert granted(where, person, email="Grace@Acme.test").address == "grace@acme.test"


def test_an_unticked_mail_box_is_noticed_and_said(where: Endpoints, person: Person) -> None:
    found = granted(where, person, untick="mail.google.com")
    assert "was not ticked" in google.missing(found.scopes)


def test_an_unticked_address_is_no_address(where: Endpoints, person: Person) -> None:
    assert granted(where, person, untick="userinfo.email").address == ""


def test_a_cancelled_consent_connects_nothing(where: Endpoints, person: Person) -> None:
    with pytest.raises(SignInTrouble, match="was cancelled") as caught:
        granted(where, person, answer="cancel")
    assert caught.value.denial is Denial.CANCELLED


def test_a_code_is_good_once_and_only_with_its_verifier(where: Endpoints, person: Person) -> None:
    begun = google.begin(GOOGLE, where, RETURN, ADA, "the-state")
    back = person.answers(begun.url)
    google.finish(GOOGLE, where, RETURN, begun.flow, back)
    with pytest.raises(SignInTrouble, match="used already"):
        google.finish(GOOGLE, where, RETURN, begun.flow, back)
    other = google.begin(GOOGLE, where, RETURN, ADA, "the-state")
    with pytest.raises(SignInTrouble, match="used already"):
        google.finish(GOOGLE, where, RETURN, other.flow, person.answers(begun.url))


@pytest.mark.parametrize(
    ("error", "denial", "sentence"),
    [
        ("access_denied", Denial.CANCELLED, "was cancelled"),
        ("admin_policy_enforced", Denial.APP_WRONG, "API controls"),
        ("org_internal", Denial.APP_WRONG, "own organisation only"),
        ("redirect_uri_mismatch", Denial.APP_WRONG, "redirect address is missing"),
        ("unauthorized_client", Denial.APP_WRONG, "may not ask for mail"),
        ("server_error", Denial.UNWELL, "try again in some minutes"),
        ("something_new", Denial.APP_WRONG, "refused the sign-in"),
    ],
)
def test_each_answer_of_the_consent_has_a_sentence(where: Endpoints, error: str, denial: Denial, sentence: str) -> None:
    with pytest.raises(SignInTrouble, match=sentence) as caught:
        google.finish(GOOGLE, where, RETURN, {"verifier": "v"}, {"error": error})
    assert caught.value.denial is denial


def test_a_wrong_secret_is_the_apps_trouble(where: Endpoints, person: Person) -> None:
    wrong = App(Provider.GOOGLE, GOOGLE_ID, "another")
    begun = google.begin(wrong, where, RETURN, ADA, "s")
    with pytest.raises(SignInTrouble, match="refuses its secret") as caught:
        google.finish(wrong, where, RETURN, begun.flow, person.answers(begun.url))
    assert caught.value.denial is Denial.APP_WRONG


def test_a_refresh_brings_a_new_token_and_says_how_long_it_lives(
    where: Endpoints, person: Person, stand_in: StandIn
) -> None:
    before = granted(where, person)
    stand_in.book.token_life = 1800
    after = google.refresh(GOOGLE, where, before.refresh_token)
    assert after.access_token != before.access_token
    assert after.refresh_token == ""
    assert after.seconds == 1800


def test_a_revoked_grant_ends_and_a_second_revocation_is_no_trouble(where: Endpoints, person: Person) -> None:
    found = granted(where, person)
    assert google.revoke(where, found.refresh_token)
    with pytest.raises(SignInTrouble, match="no longer accepts this sign-in") as caught:
        google.refresh(GOOGLE, where, found.refresh_token)
    assert caught.value.denial is Denial.ENDED
    assert google.revoke(where, found.refresh_token)


@pytest.mark.parametrize("unwell", list(Unwell))
def test_a_provider_in_trouble_ends_no_grant(where: Endpoints, person: Person, stand_in: StandIn, unwell: Unwell) -> None:
    found = granted(where, person)
    begun = google.begin(GOOGLE, where, RETURN, ADA, "s")
    back = person.answers(begun.url)
    stand_in.book.unwell = unwell
    for ask in (
        lambda: google.refresh(GOOGLE, where, found.refresh_token),
        lambda: google.finish(GOOGLE, where, RETURN, begun.flow, back),
    ):
        with pytest.raises(SignInTrouble, match="can't answer at the moment") as caught:
            ask()
        assert caught.value.denial is Denial.UNWELL
    stand_in.book.unwell = None
    assert google.refresh(GOOGLE, where, found.refresh_token).access_token
    brought = google.finish(GOOGLE, where, RETURN, begun.flow, back)
    stand_in.book.unwell, stand_in.book.unwell_at = unwell, "userinfo"
    with pytest.raises(SignInTrouble, match="can't answer at the moment"):
        google.identified(where, brought)


def test_nobody_there_and_a_certificate_that_does_not_fit_are_said(where: Endpoints, person: Person) -> None:
    found = granted(where, person)
    gone = Endpoints(google_token="https://localhost:1/token", google_revoke="https://localhost:1/revoke")
    with pytest.raises(SignInTrouble, match="can't be reached"):
        google.refresh(GOOGLE, gone, found.refresh_token)
    assert not google.revoke(gone, found.refresh_token)
    unknown = Endpoints(google_token=where.google_token)  # the usual authorities don't know this one
    with pytest.raises(SignInTrouble, match="not trusted, so nothing was sent"):
        google.refresh(GOOGLE, unknown, found.refresh_token)
