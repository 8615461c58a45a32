"""The driver on the stand-in's pages and on sanitised real ones, without a line of code for either."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext

from engine.channels.effects import Trace, Uncertain
from engine.channels.linkedin.outcomes import (
    Answer,
    Ask,
    Asked,
    Blocked,
    BlockedKind,
    Captcha,
    ChooseContract,
    CodeAsked,
    CodeGiven,
    ContractChosen,
    Done,
    LeadProblem,
    NotDone,
    Person,
    ProfileState,
    Resend,
    SignedIn,
    Unknown,
    WrongCredentials,
)
from practice.linkedin.members import Member
from practice.linkedin.site import Site
from tests.linkedin_driver.conftest import Make

PROJECT = Path(__file__).resolve().parents[2]
CORPUS = PROJECT.parent / "shared" / "corpora" / "linkedin-pages"
JANE = Person("jane-doe", "Jane Doe")
pytestmark = pytest.mark.browser


def jane(**told: object) -> Site:
    return Site({"jane-doe": Member("jane-doe", "Jane Doe", **told)})  # type: ignore[arg-type]


@pytest.mark.parametrize("look", ["link", "button", "menu"])
@pytest.mark.parametrize(("note", "heading"), [("", "h1"), ("Hello Jane", "h2")])
def test_an_invitation_goes_out_once_however_connect_looks(driver: Make, look: str, note: str, heading: str) -> None:
    site = jane(look=look, heading=heading)
    outcome = driver(site.arrange).request_connection("1", {}, JANE, note, lambda: True)
    assert isinstance(outcome, Done)
    assert site.done == [("invite", "jane-doe")]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"state": "pending"}, "already_pending"),
        ({"state": "connected"}, "already_connected"),
        ({"state": "follow_only"}, "follow_only"),
        ({"state": "cool_down"}, "cool_down"),
        ({"asks": "email"}, "email_required"),
        ({"asks": "relation"}, "relation_required"),
        ({"asks": "weekly"}, "weekly_limit"),
        ({"asks": "weekly_toast"}, "weekly_limit"),
        ({"asks": "no_notes"}, "note_quota"),
    ],
)
def test_what_linkedin_says_against_it_is_told(driver: Make, told: dict[str, str], kind: str) -> None:
    site = jane(**told)
    outcome = driver(site.arrange).request_connection("1", {}, JANE, "Hello", lambda: True)
    assert isinstance(outcome, Blocked | LeadProblem)
    assert outcome.kind == kind
    assert not site.done


def test_a_toast_is_not_believed(driver: Make) -> None:
    assert isinstance(driver(jane(lies="no").arrange).request_connection("1", {}, JANE, "", lambda: True), NotDone)
    assert isinstance(driver(jane(lies="silent").arrange).request_connection("1", {}, JANE, "", lambda: True), Done)


def test_a_warning_a_request_of_theirs_and_a_closed_gate(driver: Make) -> None:
    near = driver(jane(asks="near").arrange).request_connection("1", {}, JANE, "", lambda: True)
    assert isinstance(near, Done)
    assert near.near_limit
    theirs = driver(jane(state="incoming").arrange).request_connection("1", {}, JANE, "", lambda: True)
    assert isinstance(theirs, Done)
    assert theirs.accepted
    site = jane()
    assert isinstance(driver(site.arrange).request_connection("1", {}, JANE, "", lambda: False), NotDone)
    assert not site.done


def test_another_person_a_dead_session_and_a_page_that_never_comes(driver: Make) -> None:
    site = jane()
    ours = driver(site.arrange)
    wrong = ours.profile_state("1", {}, Person("jane-doe", "John Roe"))
    assert isinstance(wrong, LeadProblem)
    gone = ours.profile_state("1", {}, Person("nobody", "No Body"))
    assert isinstance(gone, LeadProblem)
    site.stuck = "/in/"
    assert isinstance(ours.profile_state("1", {}, JANE, seconds=2), NotDone)
    site.stuck, site.dead = "", True
    dead = ours.profile_state("1", {}, JANE)
    assert isinstance(dead, Blocked)
    assert dead.kind is BlockedKind.LOGIN


def test_an_action_that_gets_stuck_after_its_click_is_uncertain_and_settled_later(driver: Make) -> None:
    site = jane(look="button")
    ours = driver(site.arrange)

    def gate() -> bool:
        site.stuck = "/in/"
        return True

    assert isinstance(ours.request_connection("1", {}, JANE, "", gate, seconds=8), Uncertain)
    site.stuck = ""
    assert ours.look_up_invitation("1", {}, JANE) is Trace.FOUND
    assert len(site.done) == 1


def test_a_long_list_is_read_to_its_end_and_a_withdrawal_believed_on_reload_only(driver: Make) -> None:
    site = Site({f"p{n}": Member(f"p{n}", f"Pat {n}x", state="pending") for n in range(25)})
    ours = driver(site.arrange)
    sent = ours.sent_invitations("1", {})
    assert isinstance(sent, tuple)
    assert len(sent) == 25
    site.withdrawal_lies = True
    assert isinstance(ours.withdraw("1", {}, Person("p17", "Pat 17x"), lambda: True), NotDone)
    site.withdrawal_lies = False
    assert isinstance(ours.withdraw("1", {}, Person("p17", "Pat 17x"), lambda: True), Done)
    assert site.done == [("withdraw", "p17")]


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("connected", "already_connected"),  # accepted meanwhile
        ("cool_down", "not_pending"),  # withdrawn by hand
        ("connectable", "not_pending"),
        ("gone", "not_pending"),
    ],
)
def test_what_became_of_an_invitation_that_is_gone_is_asked_of_the_profile(driver: Make, state: str, kind: str) -> None:
    site = jane(state=state) if state != "gone" else Site()
    found = driver(site.arrange).withdraw("1", {}, JANE, lambda: True)
    assert isinstance(found, LeadProblem)
    assert (found.kind, site.done) == (kind, [])


def test_whoever_has_moved_is_invited_and_withdrawn_at_the_new_address(driver: Make) -> None:
    site = Site({"jane-roe": Member("jane-roe", "Jane Doe")}, moved={"jane-doe": "jane-roe"})
    ours = driver(site.arrange)
    invited = ours.request_connection("1", {}, JANE, "", lambda: True)
    assert isinstance(invited, Done)
    assert invited.evidence["slug"] == "jane-roe"
    assert isinstance(ours.withdraw("1", {}, JANE, lambda: True), Done)
    assert site.done == [("invite", "jane-roe"), ("withdraw", "jane-roe")]


def test_a_message_goes_out_once_and_never_over_a_reply(driver: Make) -> None:
    site = jane(state="connected")
    ours = driver(site.arrange)
    text = "Hello Jane,\n\nhow are you?"
    assert isinstance(ours.send_message("1", {}, JANE, text, lambda: True), Done)
    again = ours.send_message("1", {}, JANE, text, lambda: True)
    assert isinstance(again, LeadProblem)
    assert again.kind == "already_sent"
    assert ours.look_up_message("1", {}, JANE, text) is Trace.FOUND
    site.members["jane-doe"].events.append(("other", "Fine"))
    replied = ours.send_message("1", {}, JANE, "More", lambda: True)
    assert isinstance(replied, LeadProblem)
    assert replied.kind == "replied"
    assert len(site.done) == 1


def test_a_message_is_absent_only_from_a_conversation_that_is_there_as_a_whole(driver: Make) -> None:
    site = jane(state="connected", events=[("own", "Hello Jane"), ("other", "Fine")])
    ours = driver(site.arrange)
    assert ours.look_up_message("1", {}, JANE, "Hello  Jane") is Trace.FOUND
    assert ours.look_up_message("1", {}, JANE, "Never sent") is Trace.ABSENT
    site.slow = "late"
    assert ours.look_up_message("1", {}, JANE, "Hello Jane") is Trace.FOUND
    replied = ours.send_message("1", {}, JANE, "More", lambda: True)
    assert isinstance(replied, LeadProblem)
    assert replied.kind == "replied"
    site.slow = "cut"
    assert ours.look_up_message("1", {}, JANE, "Never sent") is Trace.UNKNOWABLE


def codes(*given: str) -> Ask:
    left = list(given)
    return lambda asked, seconds: CodeGiven(left.pop(0)) if isinstance(asked, CodeAsked) and left else None


@pytest.mark.parametrize(
    ("form", "asks", "given", "end"),
    [
        ("legacy", (), (), SignedIn),
        ("new", ("sms",), ("000000", "123456"), SignedIn),
        ("new", ("email",), ("123456",), SignedIn),
        ("legacy", ("authenticator", "app"), ("123456",), SignedIn),
        ("new", ("moment",), (), SignedIn),
        ("new", ("captcha",), (), Captcha),
        ("new", ("document",), (), Unknown),
        ("remembered", ("comply", "browser"), (), SignedIn),
        ("legacy", ("restricted",), (), Blocked),
        ("new", ("denied",), (), NotDone),
        ("new", ("attempts",), (), NotDone),
    ],
)
def test_sign_in_goes_through_what_is_asked(
    driver: Make, form: str, asks: tuple[str, ...], given: tuple[str, ...], end: type
) -> None:
    site = Site(form=form, asks=asks)
    ended = driver(site.arrange).sign_in("1", "a@example.com", site.password, codes(*given), seconds=60)
    assert isinstance(ended, end), ended
    assert site.submitted == 1
    if isinstance(ended, SignedIn):
        assert (ended.profile.slug, ended.profile.title) == ("own-account", "Head of Sales at Example")
        with Image.open(io.BytesIO(ended.profile.photo)) as photo:  # the portrait, not the cover above it
            assert photo.size == (150, 150)


def test_a_code_is_sent_again_and_the_old_one_is_no_longer_good(driver: Make) -> None:
    site = Site(asks=("sms",))
    left: list[Answer] = [CodeGiven("654321"), Resend(), CodeGiven("654321")]
    asked: list[Asked] = []

    def ask(question: Asked, _seconds: float) -> Answer | None:
        asked.append(question)
        return left.pop(0) if left else None

    assert isinstance(driver(site.arrange).sign_in("1", "a@example.com", site.password, ask, seconds=60), SignedIn)
    assert [one.error for one in asked if isinstance(one, CodeAsked)][:2] == ["", "That code is wrong or expired."]
    assert site.submitted == 1


def test_a_person_chooses_the_sales_navigator_contract(driver: Make) -> None:
    site = Site(has_seat=True, contracts=("Acme", "Acme Labs"))
    site.navigator.asks_for_contract = True

    def ask(question: Asked, _seconds: float) -> Answer | None:
        assert question == ChooseContract(("Acme", "Acme Labs"))
        return ContractChosen("Acme Labs")

    ended = driver(site.arrange).sign_in("1", "a@example.com", site.password, ask, seconds=60)
    assert isinstance(ended, SignedIn)
    assert (site.chosen, ended.profile.has_seat) == ("Acme Labs", True)


def test_a_wrong_password_is_not_tried_again(driver: Make) -> None:
    site = Site()
    assert isinstance(driver(site.arrange).sign_in("1", "a@example.com", "wrong", codes()), WrongCredentials)
    assert site.submitted == 1


def served(name: str) -> Callable[[BrowserContext], None]:
    body = (CORPUS / name).read_text()
    return lambda context: context.route(
        "**/*", lambda route: route.fulfill(status=200, content_type="text/html; charset=utf-8", body=body)
    )


def test_the_sanitised_pages_are_read_and_acted_on_rightly(driver: Make) -> None:
    sent = driver(served("invitations-sent-people.html")).sent_invitations("1", {})
    assert isinstance(sent, tuple)
    assert [(one.slug, one.name, one.sent_at_least.days) for one in sent] == [
        ("jordan-sent-", "Jordan Sent", 14),
        ("morgan-sent", "Morgan Sent", 90),
    ]
    known = driver(served("connections-list.html")).connections("1", {})
    assert isinstance(known, tuple)
    assert [one.slug for one in known] == ["jordan-ng-", "alex-rivera", "casey-lee"]
    inbox = driver(served("messaging-current.html")).inbox("1", {})
    assert isinstance(inbox, tuple)
    assert [(one.slug, one.text) for one in inbox] == [("jane-doe", "Here is the brief.")]
    ours = driver(served("invitations-actions-send-profile.html"))
    assert ours.profile_state("1", {}, JANE) is ProfileState.CONNECTABLE
    invited = ours.request_connection("1", {}, JANE, "Hello Jane", lambda: True)
    assert isinstance(invited, Done)
    assert invited.evidence["notes_left"] == 0  # the page had said that one remained


def test_there_is_no_stealth() -> None:
    forbidden = r"add_init_script|user_agent|AutomationControlled|navigator\.webdriver|ignore_default_args|stealth|proxy"
    for path in (PROJECT / "engine" / "channels" / "linkedin").glob("*.py"):
        assert not re.search(forbidden, path.read_text()), path.name
