"""Invitations' dialogs as LinkedIn has written them and might: each answered rightly, or said not to be known."""

import pytest

from engine.channels.linkedin.outcomes import Blocked, Done, LeadProblem, LinkedInOutcome, NotDone, Person
from tests.linkedin_driver.conftest import Make
from tests.linkedin_driver.test_variants import page, serving

JANE = Person("jane-doe", "Jane Doe")
pytestmark = pytest.mark.browser
CARD = """<main id=workspace><section componentkey="com.linkedin.sdui.profile.card.ref<ACoAAB1>Topcard"><h2>Jane Doe</h2>
<span>· 2nd</span>
<a id=c aria-label="Invite Jane Doe to connect" href="/preload/custom-invite/?vanityName=jane-doe">Connect</a>
</section></main>"""
SCRIPT = """<script>
const draw = () => { if (!sessionStorage.s) return; const c = document.querySelector('#c');
  c.setAttribute('aria-label', 'Pending, click to withdraw invitation sent to Jane Doe'); c.textContent = 'Pending'; };
const sent = () => { sessionStorage.s = '1'; draw(); };
const show = id => document.querySelectorAll('.d').forEach(d => { d.hidden = d.id !== id; });
draw();
document.querySelector('#c').onclick = e => { e.preventDefault(); if (!sessionStorage.s) START; };
</script>"""
ASK = """<div class=d id=a hidden role=dialog><h2>Add a note to your invitation?</h2>
<p>Personalize your invitation to Jane Doe by adding a note.</p>
<button aria-label="Add a note" onclick="show('b')">Add a note</button>
<button aria-label="Send without a note" onclick="AFTER">Send without a note</button></div>"""
BOX = "<textarea id=custom-message name=message></textarea>"
WRITE = f"""<div class=d id=b hidden role=dialog><h2>Add a note to your invitation</h2>
<p>3 personalized invitations remaining for this month.</p>{BOX}<span>0/200</span>
<button aria-label="Cancel adding a note">Cancel</button>
<button aria-label="Send invitation" onclick="show('');sent()">Send</button></div>"""
LIMIT = "You’ve reached the weekly invitation limit"
TOAST = "Your invitation to Jane Doe was not sent because you have reached the weekly limit for connection invitations."
SAYS = "<div class=d id=n hidden role=dialog><h2>You're close to the weekly invitation limit</h2>"
SHADOW = """<div id="interop-outlet" data-testid="interop-shadowdom"></div><script>
const root = document.querySelector('#interop-outlet').attachShadow({mode: 'open'});
root.innerHTML = `<dialog open hidden><h2>Add a note to your invitation?</h2>
  <button aria-label="Send without a note" onclick="root.querySelector('dialog').hidden = true; sent()">Send</button>
  </dialog>`;
</script>"""


def ask(after: str = "show('');sent()") -> str:
    return ASK.replace("AFTER", after)


def invited(driver: Make, dialogs: str, start: str, note: str = "") -> LinkedInOutcome:
    body = page(CARD + dialogs + SCRIPT.replace("START", start))
    return driver(serving(body)).request_connection("1", {}, JANE, note, lambda: True)


def native(dialog: str) -> str:
    """The same as an element of its own, without a role."""
    own = dialog.replace("<div class=d", "<dialog open data-testid=dialog class=d").replace(" role=dialog", "")
    return own.replace("</div>", "</dialog>")


TEXTBOX = "<p role=textbox contenteditable=true aria-label='Personal note'>…</p>"


@pytest.mark.parametrize(
    ("note", "dialogs", "start"),
    [
        ("Hi", ask() + WRITE, "show('a')"),
        ("Hi", native(ask()) + native(WRITE.replace("Send invitation", "Send now")), "show('a')"),
        ("Hi", native(ask()) + native(WRITE.replace(BOX, TEXTBOX)), "show('a')"),
        ("", "<div role=dialog>Video captions<button>Send</button></div>" + ask(), "show('a')"),
        ("", "", "sent()"),  # some layouts send at once
        ("", SHADOW, "root.querySelector('dialog').hidden = false"),
    ],
)
def test_it_goes_out_through_every_dialog(driver: Make, note: str, dialogs: str, start: str) -> None:
    found = invited(driver, dialogs, start, note)
    assert isinstance(found, Done), found


@pytest.mark.parametrize(
    ("dialogs", "start"),
    [
        (
            f"<div class='d ip-fuse-limit-alert' id=a hidden><h2 id=ip-fuse-limit-alert__header>{LIMIT}</h2></div>",
            "show('a')",
        ),
        ("<div class=d id=a hidden role=alertdialog><h2>You've reached the weekly limit</h2></div>", "show('a')"),
        (ask("show('w')") + f"<div class=d id=w hidden role=dialog><h2>{LIMIT}</h2></div>", "show('a')"),
        (
            ask("show('');t.hidden=0") + f"<div id=t hidden data-test-artdeco-toast-item-type=error>{TOAST}</div>",
            "show('a')",
        ),
    ],
)
def test_the_weekly_limit_is_heard_wherever_it_is_said(driver: Make, dialogs: str, start: str) -> None:
    found = invited(driver, dialogs, start)
    assert isinstance(found, Blocked), found
    assert found.kind == "weekly_limit"


@pytest.mark.parametrize("asked_first", [True, False])
def test_that_the_limit_is_near_is_a_warning_before_and_after_sending(driver: Make, asked_first: bool) -> None:
    before, after = (
        SAYS + "<button onclick=\"show('a')\">Got it</button></div>" + ask(),
        SAYS + "<button>Got it</button></div>",
    )
    found = (
        invited(driver, ask("sent();show('n')") + after, "show('a')")
        if asked_first
        else invited(driver, before, "show('n')")
    )
    assert isinstance(found, Done), found
    assert found.near_limit


PREMIUM = (
    "<div class=d id=b hidden role=dialog><h2>Write as many as you like</h2><a href='/premium/products/?x'>Try</a></div>"
)
GATE = "<p>To verify this member knows you, please enter their email to connect.</p><input type=email>"


@pytest.mark.parametrize(
    ("dialogs", "kind"),
    [
        (ask() + PREMIUM, "note_quota"),  # told by its link alone
        (ask() + WRITE.replace("3 personalized", "0 personalized"), "note_quota"),
        (f"<div class=d id=a hidden role=dialog>{GATE}<button disabled>Send</button></div>", "email_required"),
        (ask().replace("Jane Doe", "John Roe"), "wrong_person"),
        ("", "drift"),  # Connect leads nowhere, and a fresh load shows that nothing happened
    ],
)
def test_what_keeps_it_from_going_out_is_told(driver: Make, dialogs: str, kind: str) -> None:
    found = invited(driver, dialogs, "show('a')", "Hello")
    assert isinstance(found, Blocked | LeadProblem), found
    assert found.kind == kind


def test_a_note_over_the_page_s_own_limit_is_not_cut(driver: Make) -> None:
    found = invited(driver, ask() + WRITE, "show('a')", "x" * 201)
    assert isinstance(found, NotDone)
    assert "201 characters; LinkedIn takes 200" in found.note
