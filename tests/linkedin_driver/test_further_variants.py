"""Further pages as LinkedIn might write them: other classes, labels and containers. Nothing follows from a doubt."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Route

from engine.channels.linkedin.outcomes import Done
from tests.linkedin_driver.conftest import Make
from tests.linkedin_driver.test_invite_dialogs import GATE, invited
from tests.linkedin_driver.test_invite_dialogs import ask as ask_first
from tests.linkedin_driver.test_variants import INVITE, JANE, MESSAGE, kind, page, serving

pytestmark = pytest.mark.browser
MUTUAL = "<p>Mary Mutual · 1st and 3 others you know</p>"


@pytest.mark.parametrize(
    ("body", "state"),
    [
        # A mutual connection's degree in the card is not the person's; in whatever line their own stands, it is.
        (f"<section><h2>Jane Doe</h2><p>Engineer</p>{INVITE}{MUTUAL}</section>", "connectable"),
        (f"<section><h2>Jane Doe</h2><p>Engineer</p>{MESSAGE}{MUTUAL}</section>", "unknown"),
        (f"<section><h2>Jane Doe</h2><p>Jane Doe (She/Her) · 1st</p>{MESSAGE}{MUTUAL}</section>", "connected"),
        (f"<section><h2>Jane Doe</h2><span>She/Her</span> <span>· 1st</span>{MESSAGE}</section>", "connected"),
        (f"<section>{MUTUAL}<h2>Jane Doe</h2><p>· 2nd</p>{INVITE}</section>", "connectable"),
        # Headings and controls by their roles, and hidden twins of every kind.
        (
            "<section><div role=heading aria-level=1>Jane Doe</div>"
            "<div role=button aria-label='Invite Jane Doe to connect'>Connect</div></section>",
            "connectable",
        ),
        (
            f"<section><h2>Jane Doe</h2><div hidden><a aria-label='Pending'>x</a></div>{INVITE}</section>",
            "connectable",
        ),
        (
            f"<section><h2>Jane Doe</h2>{INVITE}<div style='visibility:hidden'>{INVITE}<span>· 1st</span></div></section>",
            "connectable",
        ),
        # A neighbour in the card, known by a heading of their own.
        (
            f"<section><h2>Jane Doe</h2>{INVITE}<div><h3>Ann Other</h3><button>Pending</button></div></section>",
            "connectable",
        ),
        (
            f"<section><h2>Jane Doe</h2>{MESSAGE}<div><h3>Ann Other</h3><button>Pending</button></div></section>",
            "unknown",
        ),
    ],
)
def test_a_card_is_read_rightly_or_not_at_all(driver: Make, body: str, state: str) -> None:
    assert kind(driver(serving(page(f"<main>{body}</main>"))).profile_state("1", {}, JANE)) == state


def row(slug: str, name: str, label: str = "", words: str = "Withdraw", tag: str = "div") -> str:
    says = f' aria-label="{label}"' if label else ""
    return f'<{tag}><a href="/in/{slug}/">{name}</a><p>Sent 3 weeks ago</p><div role=button{says}>{words}</div></{tag}>'


@pytest.mark.parametrize(
    ("list_", "people"),
    [
        # The name before the verb, and rows without any role.
        ("People (1)" + row("jane-doe", "Jane Doe", "Jane Doe: withdraw invitation"), {"jane-doe"}),
        ("People (2)" + row("jane-doe", "Jane Doe") + row("john-roe", "John Roe", tag="section"), {"jane-doe", "john-roe"}),
        # No count, as on an empty list, and rows whose control is not known: nobody is missing from such a list.
        ("People" + row("jane-doe", "Jane Doe", words="Take back"), "drift"),
        ("People" + row("jane-doe", "Jane Doe") + row("john-roe", "John Roe", words="Take back"), "drift"),
    ],
)
def test_a_list_of_sent_invitations_is_read_rightly_or_not_at_all(driver: Make, list_: str, people: object) -> None:
    found = driver(serving(page(f"<main><h1>Sent</h1>{list_}</main>"))).sent_invitations("1", {})
    assert ({one.slug for one in found} if isinstance(found, tuple) else kind(found)) == people


def scrolling(number: int, count: str, order: str, more: str = "") -> str:
    """A list of which only what is in sight is drawn, in a box of its own; column-reverse begins at its lower end."""
    script = f"""const box = document.querySelector('#box'), inner = document.querySelector('#inner');
    let shown = {20 if more else number};
    function draw() {{ inner.style.height = shown * 60 + 'px';
      const from = Math.max(0, Math.floor(Math.abs(box.scrollTop) / 60) - 1);
      inner.innerHTML = [...Array(Math.min(9, shown - from)).keys()].map(i => i + from).map(n =>
        `<div style="position:absolute;height:60px;{"top" if order == "column" else "bottom"}:${{n * 60}}px">
         <a href="/in/p-${{n}}/">Pat ${{n}}x</a><p>CONNECTED</p>
         <a href="#" aria-label="LABEL Pat ${{n}}x">WORD</a></div>`).join('');
      const b = document.querySelector('#more'); if (b) b.hidden = shown >= {number}; }}
    box.onscroll = draw; draw(); const b = document.querySelector('#more');
    if (b) b.onclick = () => {{ shown = {number}; draw(); }};"""
    button = f"<button id=more>{more}</button>" if more else ""
    return (
        f"<main><p>{count}</p><div id=box style='height:300px;overflow-y:auto;display:flex;flex-direction:{order}'>"
        f"<div id=inner style='position:relative;flex:none'></div></div>{button}</main><script>{script}</script>"
    )


@pytest.mark.parametrize(
    ("order", "more"),
    [("column", ""), ("column-reverse", ""), ("column", "See more invitations"), ("column", "Load 20 more")],
)
def test_a_list_in_a_box_of_its_own_is_gone_through_to_its_end(driver: Make, order: str, more: str) -> None:
    body = scrolling(40, "People (40)", order, more)
    body = (
        body.replace("CONNECTED", "Sent 2 weeks ago")
        .replace("LABEL", "Withdraw invitation sent to")
        .replace("WORD", "Withdraw")
    )
    found = driver(serving(page(body))).sent_invitations("1", {})
    assert isinstance(found, tuple), found
    assert len(found) == 40


@pytest.mark.parametrize("order", ["column", "column-reverse"])
def test_connections_are_found_wherever_the_list_begins(driver: Make, order: str) -> None:
    body = scrolling(40, "40 connections", order)
    body = (
        body.replace("CONNECTED", "Connected 2 weeks ago").replace("LABEL", "Send a message to").replace("WORD", "Message")
    )
    found = driver(serving(page(body))).connections("1", {})
    assert isinstance(found, tuple), found
    assert {one.slug for one in found} == {f"p-{number}" for number in range(40)}
    assert {one.name for one in found} == {f"Pat {number}x" for number in range(40)}


def withdrawing(dialog: str) -> tuple[Callable[[BrowserContext], None], list[str]]:
    """Jane's row among the sent; its control opens this dialog, whose button asks for /withdrawn."""
    asked: list[str] = []
    rows = row("jane-doe", "Jane Doe", "Withdraw invitation sent to Jane Doe").replace(
        "<div role=button", "<div role=button onclick=\"document.querySelector('#d').style.display=''\""
    )
    before = page(f"<main>People (1){rows}</main><div id=d style='display:none'>{dialog}</div>")
    after = page("<main>People<p>No sent invitations</p></main>")

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        is_gone = any(url.endswith("/withdrawn") for url in asked)
        route.fulfill(status=200, body=after if is_gone else before, content_type="text/html; charset=utf-8")

    return lambda context: context.route("**/*", answer), asked


PRESS = "onclick=\"fetch('/withdrawn')\""


@pytest.mark.parametrize(
    ("dialog", "is_done"),
    [
        (
            f"<div role=dialog><h2>Withdraw invitation</h2><button>Cancel</button><button {PRESS}>Withdraw</button></div>",
            True,
        ),
        (
            "<div role=alertdialog><h2>Withdraw invitation</h2>"
            f"<div role=button {PRESS} aria-label='Jane Doe: withdraw'>x</div></div>",
            True,
        ),
        (
            f"<div role=dialog><h2>Withdraw invitation</h2><button {PRESS} aria-label='John Roe: withdraw'>x</button></div>",
            False,
        ),
        (
            f"<div role=dialog><h2>Withdraw invitation to John Roe</h2><button {PRESS}>Withdraw</button></div>",
            False,
        ),
    ],
)
def test_a_withdrawal_is_confirmed_for_this_person_alone(driver: Make, dialog: str, is_done: bool) -> None:
    arrange, asked = withdrawing(dialog)
    found = driver(arrange).withdraw("1", {}, JANE, lambda: True)
    assert isinstance(found, Done) is is_done, found
    assert any(url.endswith("/withdrawn") for url in asked) is is_done


HEAD = '<h2><a href="/in/jane-doe/">Jane Doe</a></h2>'
WRITES = """<form><div role=textbox contenteditable=true aria-label="Write a message to Jane…" style="height:30px"></div>
<button>Send</button></form>"""
CARD = f"<section><h2>Jane Doe</h2><p>· 1st</p>{MESSAGE}</section>"


@pytest.mark.parametrize(
    "conversation",
    [
        "<ol><li><div class=event--in><p>Thanks, call me</p><time>9:12</time></div></li></ol>",
        "<div role=log><div role=article><p>Thanks, call me</p></div></div>",
        '<ol><li><div class="msg-s-event-listitem"><a href="/in/jane-doe/">Jane</a>'
        '<p class="msg-s-event-listitem__body">Thanks, call me</p></div></li></ol>',
    ],
)
def test_nobody_is_written_to_whose_messages_can_t_be_read(driver: Make, conversation: str) -> None:
    asked: list[str] = []
    thread = page(f"<main><section>{HEAD}{conversation}{WRITES}</section></main>")

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        body = thread if "/messaging/" in route.request.url else page(f"<main>{CARD}</main>")
        route.fulfill(status=200, body=body, content_type="text/html; charset=utf-8")

    gate: list[int] = []
    found = driver(lambda context: context.route("**/*", answer)).send_message(
        "1", {}, JANE, "Hello", lambda: bool(gate.append(1)) or True
    )
    assert kind(found) == "drift", found
    assert not gate


@pytest.mark.parametrize(
    ("dialogs", "start", "ended"),
    [
        # The e-mail gate with a field of another type.
        (
            f"<div class=d id=a hidden role=dialog>{GATE.replace('type=email', 'type=text')}"
            "<button disabled>Send</button></div>",
            "show('a')",
            "email_required",
        ),
        # An offer that speaks of connecting lies beside the dialog.
        (
            ask_first() + "<div role=dialog>Use Premium to connect with anybody<button>Not now</button></div>",
            "show('a')",
            "done",
        ),
        (
            ask_first().replace('aria-label="Send without a note"', 'aria-label="Send without adding a note"'),
            "show('a')",
            "done",
        ),
        (
            "<div class=d id=a hidden role=dialog><h2>Your invitation</h2><button aria-label='Send invitation to Jane Doe'"
            " onclick=\"show('');sent()\">Send</button></div>",
            "show('a')",
            "done",
        ),
    ],
)
def test_a_dialog_is_answered_however_it_is_made(driver: Make, dialogs: str, start: str, ended: str) -> None:
    found = invited(driver, dialogs, start)
    assert ("done" if isinstance(found, Done) else kind(found)) == ended, found
