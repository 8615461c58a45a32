"""Pages as LinkedIn might write them tomorrow: read rightly, or said not to be known; never read wrongly."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from engine.channels.effects import Trace
from engine.channels.linkedin.outcomes import Blocked, BlockedKind, LeadProblem, OwnProfile, Person
from tests.linkedin_driver.conftest import Make

JANE = Person("jane-doe", "Jane Doe")
pytestmark = pytest.mark.browser
INVITE = '<button aria-label="Invite Jane Doe to connect">Connect</button>'
MESSAGE = '<a href="/messaging/compose/?recipient=jane-doe">Message</a>'
OTHERS = """<button aria-label="Invite Jane Doe-Smith to connect">Connect</button>
<a aria-label="Pending, click to withdraw invitation sent to John Roe" href="#">Pending</a>
<button aria-label="Accept Ann Other's request to connect">Accept</button><span>· 1st</span>
<button aria-label="Follow Ann Other">Follow</button><a href="/messaging/compose/?recipient=ann">Message</a>"""


def page(body: str, lang: str = ' lang="en"', title: str = "LinkedIn") -> str:
    return f'<!doctype html><html{lang}><meta charset="utf-8"><title>{title}</title><body>{body}</body></html>'


def serving(body: str) -> Callable[[BrowserContext], None]:
    return lambda context: context.route(
        "**/*", lambda route: route.fulfill(status=200, content_type="text/html; charset=utf-8", body=body)
    )


def kind(found: object) -> str:
    return found.kind.value if isinstance(found, Blocked | LeadProblem) else str(found)


@pytest.mark.parametrize(
    ("body", "state"),
    [
        # No section around the card, and the neighbours in the same main: behind a heading, in an aside, before the name.
        (f"<h1>Jane Doe</h1><p>· 2nd</p>{INVITE}{MESSAGE}<h2>People also viewed</h2>{OTHERS}", "connectable"),
        (f"<h1>Jane Doe</h1>{INVITE}<aside>{OTHERS}</aside>", "connectable"),
        (f"<aside>{OTHERS}</aside><div><div><h2>Jane Doe</h2></div><div>{INVITE}</div></div>", "connectable"),
        (f"<h1>Jane Doe</h1><p>· 1st</p>{MESSAGE}<section><h2>More profiles</h2>{OTHERS}</section>", "connected"),
        (f"<h1>Jane Doe</h1><p>Engineer</p>{MESSAGE}<h3>More profiles</h3>{OTHERS}", "unknown"),
        (f"<h1>Jane Doe</h1>{MESSAGE}{OTHERS}", "unknown"),
        # In a section: the pronouns in the heading, another heading first, a hidden twin of another state.
        (f"<section><h2>Notifications</h2></section><section><h2>Jane Doe (she/her)</h2>{INVITE}</section>", "connectable"),
        (
            f"<section><h2>Jane Doe</h2><div style='display:none'><a aria-label='Pending'>x</a></div>{INVITE}</section>",
            "connectable",
        ),
        (
            "<section><h2>Jane Doe</h2><a aria-label='Pending, click to withdraw invitation sent to Jane Doe'>x</a>",
            "pending",
        ),
        ("<section><h2>Jane Doe</h2><div role=button>Pending</div></section>", "pending"),
        (
            "<section><h2>Jane Doe</h2><button aria-label='Accept Jane Doe’s request to connect'>Accept</button></section>",
            "incoming",
        ),
        ("<section><h2>Jane Doe</h2><button aria-label='Follow Jane Doe'>Follow</button></section>", "follow_only"),
        # English by its mark, another language by its words: nothing is known.
        (
            "<section><h2>Jane Doe</h2><button aria-label='Jane Doe als Kontakt hinzufügen'>Vernetzen</button></section>",
            "unknown",
        ),
        # A connection by the menu's other words; one who is followed already; accents that the list of leads lacks.
        (
            "<section><h2>Jane Doe</h2><button aria-label='Remove your connection to Jane Doe'>x</button></section>",
            "connected",
        ),
        ("<section><h2>Jane Doe</h2><span>1st</span><span>1st degree connection</span></section>", "connected"),
        ("<section><h2>Jane Doe</h2><button aria-label='Following Jane Doe'>Following</button></section>", "follow_only"),
        (f"<section><h2>Jané Doë</h2>{INVITE.replace('Jane Doe', 'Jané Doë')}</section>", "connectable"),
        ("<section><h2>Jane Doe</h2><a href='/in/jane-doe/overlay/custom-invite/'>Connect</a></section>", "connectable"),
        # An address that leads to nobody, without being led to /404.
        ("<section><h2>This page doesn’t exist</h2></section>", "not_found"),
        ("<section><h1>This profile is not available</h1></section>", "not_found"),
        # Another person's page, and this person's with another heading where the name was.
        ("<section><h2>John Roe</h2></section>", "wrong_person"),
    ],
)
def test_a_profile_is_read_rightly_or_not_at_all(driver: Make, body: str, state: str) -> None:
    found = driver(serving(page(f"<main>{body}</main>"))).profile_state("1", {}, JANE)
    assert kind(found) == state


def test_a_name_that_only_the_title_knows_is_no_other_person(driver: Make) -> None:
    body = page("<main><section><h2>Suggested for you</h2></section></main>", title="(3) Jane Doe | LinkedIn")
    assert kind(driver(serving(body)).profile_state("1", {}, JANE)) == "drift"


@pytest.mark.parametrize("path", ["sent", "withdraw", "connections", "profile"])
def test_another_language_is_said_and_nothing_is_concluded(driver: Make, path: str) -> None:
    """Marked as German it is told; unmarked, a list of which no word is known is never taken for an empty one."""
    one = "<li><a href='/in/jane-doe/'>Jane Doe</a><button>Zurückziehen</button></li>"
    words = f"<main><h1>Jane Doe</h1><p>Personen (3)</p><ul>{one}</ul></main>"
    for lang, expected in ((' lang="de"', {"language"}), ("", {"drift", "unknown"})):
        ours = driver(serving(page(words, lang)))
        found = {
            "sent": lambda ours=ours: ours.sent_invitations("1", {}),
            "withdraw": lambda ours=ours: ours.withdraw("1", {}, JANE, lambda: True),
            "connections": lambda ours=ours: ours.connections("1", {}),
            "profile": lambda ours=ours: ours.profile_state("1", {}, JANE),
        }[path]()
        assert kind(found) in expected


def row(slug: str, name: str, before: str = "", label: bool = True) -> str:
    says = f' aria-label="Withdraw invitation sent to {name}"' if label else ""
    photo = f'<a href="/in/{slug}/"><img alt="{name}’s photo"></a>'
    return f'<li>{before}{photo}<a href="/in/{slug}/">{name}</a><p>Sent 3 weeks ago</p><button{says}>Withdraw</button></li>'


MUTUAL = '<a href="/in/mutual/">Mary Mutual</a> is a mutual connection'


@pytest.mark.parametrize(
    ("list_", "people"),
    [
        ("People (2)" + row("jane-doe", "Jane Doe") + row("john-roe", "John Roe"), {"jane-doe", "john-roe"}),
        ("People (1)" + row("jane-doe", "Jane Doe", before=MUTUAL), {"jane-doe"}),  # somebody else's link first
        ("People (1)" + row("jane-doe", "Jane Doe", label=False), {"jane-doe"}),
        ("People (1)" + row("jane-doe", "Jane Doe", before=MUTUAL, label=False), "drift"),  # whose row is it?
        ("People (3)" + row("jane-doe", "Jane Doe"), "drift"),  # a list that ends before its count
        ("People (1)<p>Jane Doe</p><a href='/in/jane-doe/'>x</a>" + "<button>Withdraw</button>" * 2, "drift"),
        ("People", set()),
        ("<p>No sent invitations</p>", set()),
        ("<p>Something went wrong</p>", "drift"),
        (
            "People (1)<li><a href='/company/acme/'>Acme</a><button>Withdraw</button></li>" + row("jane-doe", "Jane Doe"),
            {"jane-doe"},
        ),
        (
            "People (1)" + row("jane-doe", "Jane Doe") + f"<div style='display:none'>{row('twin', 'Hidden Twin')}</div>",
            {"jane-doe"},
        ),
    ],
)
def test_the_list_of_sent_invitations_is_read_rightly_or_not_at_all(driver: Make, list_: str, people: object) -> None:
    found = driver(serving(page(f"<main><h1>Sent</h1><ul>{list_}</ul></main>"))).sent_invitations("1", {})
    assert ({one.slug for one in found} if isinstance(found, tuple) else kind(found)) == people


def test_a_list_that_still_loads_proves_no_absence(driver: Make) -> None:
    body = page("<main>People<div aria-busy=true>Loading</div></main>")
    assert kind(driver(serving(body)).withdraw("1", {}, JANE, lambda: True)) == "drift"
    profile = page(f"<main><section><h2>Jane Doe</h2>{INVITE}</section>People<div aria-busy=true>…</div></main>")
    assert driver(serving(profile)).look_up_invitation("1", {}, JANE) is Trace.UNKNOWABLE


def event(text: str, other: str = "", style: str = "") -> str:
    link = f'<a class="msg-s-message-group__profile-link" href="/in/{other}/">x</a>' if other else ""
    mark = "msg-s-event-listitem--other" if other else ""
    body = f'<p class="msg-s-event-listitem__body">{text}</p>'
    return f'<li style="{style}"><div class="msg-s-event-listitem {mark}">{link}{body}</div></li>'


def thread(events: str, order: str = "column", name: str = '<a href="/in/jane-doe/">Jane Doe</a>') -> str:
    item = (
        '<li class="msg-conversation-listitem"><a href="#" class="msg-conversation-listitem__link">'
        '<h3 class="msg-conversation-card__participant-names">Jane Doe</h3><p class="x--unread">…</p></a></li>'
    )
    box = '<form><div role=textbox contenteditable=true aria-label="Write a message…" style="height:30px"></div></form>'
    shown = f'<ol style="display:flex;flex-direction:{order}">{events}</ol>'
    return page(f"<main><ul>{item}</ul><section><h2>{name}</h2>{shown}{box}</section></main>")


@pytest.mark.parametrize(
    ("events", "order", "text"),
    [
        (event("Hi") + event("Yes", "jane-doe"), "column", "Yes"),
        (event("Newest", "jane-doe") + event("Older", "jane-doe"), "column-reverse", "Newest"),  # drawn from below
        (event("Seen", "jane-doe") + event("Twin", "jane-doe", "display:none"), "column", "Seen"),
    ],
)
def test_the_newest_answer_is_the_lowest_one_in_sight(driver: Make, events: str, order: str, text: str) -> None:
    found = driver(serving(thread(events, order))).inbox("1", {})
    assert isinstance(found, tuple)
    assert [(one.slug, one.text) for one in found] == [("jane-doe", text)]


def test_a_conversation_whose_messages_can_not_be_read_is_an_answer_all_the_same(driver: Make) -> None:
    found = driver(serving(thread(""))).inbox("1", {})
    assert isinstance(found, tuple)
    assert [(one.slug, one.text) for one in found] == [("jane-doe", "")]


def test_a_group_is_nobody_s_answer_and_an_advertisement_is_passed_over(driver: Make) -> None:
    group = thread(event("I", "jane-doe") + event("Me too", "john-roe"))
    assert driver(serving(group)).inbox("1", {}) == ()
    assert driver(serving(thread("").replace("…</p>", "Sponsored</p>"))).inbox("1", {}) == ()
    nameless = thread(event("Hi", "jane-doe"), name="Jane Doe")
    assert kind(driver(serving(nameless.replace("Jane Doe</h3>", "</h3>"))).inbox("1", {})) == "drift"


def test_the_own_profile_is_known_by_what_only_its_owner_sees(driver: Make) -> None:
    card = "<section><h2>Ada Lovelace</h2><p>Analyst</p><a href='/in/ada/overlay/contact-info/'>Contact info</a></section>"
    own = driver(serving(page(f"<main>{card}<section><p>Private to you</p></section></main>"))).read_own_profile("1", {})
    assert isinstance(own, OwnProfile)
    assert (own.slug, own.title) == ("ada", "Analyst")
    assert kind(driver(serving(page(f"<main>{card}</main>"))).read_own_profile("1", {})) == BlockedKind.DRIFT


def test_a_note_is_never_typed_into_an_open_conversation(driver: Make) -> None:
    """Its bubble is a dialog too, may speak of an invitation, and has a box and a button of that name."""
    dialog = """<div role=dialog>Add a note to your invitation?<textarea></textarea>
    <button onclick="fetch('/in/invited'); this.parentElement.remove(); document.querySelector('main').innerHTML =
    '<section><h2>Jane Doe</h2><div role=button>Pending</div></section>'">Send</button></div>"""
    bubble = """<div role=dialog aria-label="Conversation with Ann Other">Thanks for accepting my invitation
    <div role=textbox contenteditable=true aria-label="Write a message…">x</div>
    <button onclick="fetch('/in/ann')">Send</button></div>"""
    body = page(f"<main><section><h2>Jane Doe</h2><p>· 2nd</p>{INVITE}</section></main>{dialog}{bubble}")
    asked: list[str] = []

    def arrange(context: BrowserContext) -> None:
        context.route("**/*", lambda route: (asked.append(route.request.url), route.fulfill(status=200, body=body,
                      content_type="text/html; charset=utf-8")))  # fmt: skip

    driver(arrange).request_connection("ada", {}, JANE, "Hello Jane", lambda: True, 30)
    assert any(url.endswith("/in/invited") for url in asked)
    assert not any(url.endswith("/in/ann") for url in asked)
