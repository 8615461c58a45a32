"""Conversations: one message to a connection, proof that it is there, and the replies of the inbox."""

import re
import unicodedata

from playwright.sync_api import Error

from engine.channels.effects import Trace, Uncertain
from engine.channels.linkedin import profiles
from engine.channels.linkedin.outcomes import (
    Done,
    Gate,
    InboxMessage,
    LeadProblem,
    LeadProblemKind,
    LinkedInOutcome,
    NotDone,
    Person,
    ProfileState,
)
from engine.channels.linkedin.sitting import Sitting, Stop, rows, same_name, slug_of

_LONGEST = 8000
_BOX = '[role=textbox][contenteditable=true][aria-label^="Write a message"]:visible'
_SUBJECT = 'input[name=subject]:visible, input[placeholder*="Subject"]:visible'
_ITEM = ".msg-conversation-listitem:visible, [aria-label='Conversation list'] > li:visible"
_THREAD = """(box) => {
  let around = box.closest('main') || document.body;
  for (let e = box; e; e = e.parentElement)
    if (e.querySelector('.msg-s-event-listitem') || e.querySelector('a[href*="/in/"]')) { around = e; break; }
  const link = around.querySelector('.msg-thread__link-to-profile') || around.querySelector(':is(h1,h2,h3) a[href*="/in/"]')
    || around.querySelector('a[href*="/in/"]') || document.querySelector('.msg-thread__link-to-profile');
  const shown = e => e.checkVisibility({visibilityProperty: true}) && e.innerText.trim();
  const all = [...around.querySelectorAll('.msg-s-event-listitem')].filter(shown);
  const whose = a => new URL(a.href, location.href).pathname.split('/')[2];
  const writers = e => [...e.querySelectorAll('a[href*="/in/"]')].filter(a => !a.closest('.msg-s-event-listitem__body'));
  const unmarked = link && !all.some(e => e.className.includes('--other'))
    && all.some(e => writers(e).some(a => whose(a) === whose(link)));
  const aside = 'form, header, nav, aside, h1, h2, h3, [role=toolbar], '
    + '[class*=profile-card], [class*=loader], [class*=typeahead]';
  const unknown = !all.length && [...around.querySelectorAll('li, time, [role=listitem], [role=article], [role=log]')]
    .some(e => shown(e) && !e.closest(aside) && !e.querySelector('[class*=profile-card]') && !e.contains(box));
  const waits = [...around.querySelectorAll('[aria-busy=true], [role=progressbar], [class*=loader], [class*=skeleton]')]
    .some(e => e.checkVisibility());
  const starts = !!around.querySelector('.msg-s-profile-card, .msg-s-message-list__top-of-list');
  return {unreadable: unmarked || unknown ? 'yes' : '', starts: starts ? 'yes' : '', waits: waits ? 'yes' : '',
    href: link ? link.href : '', name: link ? link.innerText.trim() : '',
    people: Math.max(...['.msg-s-event-listitem--other .msg-s-message-group__profile-link',
      ':is(h1,h2,h3) a[href*="/in/"], .msg-thread__link-to-profile'].map(one => new Set([...around.querySelectorAll(one)]
      .filter(a => a.checkVisibility()).map(a => new URL(a.href, location.href).pathname.split('/')[2])).size)),
    events: [...around.querySelectorAll('.msg-s-event-listitem')].filter(e => e.checkVisibility())
      .map((e, at) => [e.getBoundingClientRect().top, at, e]).sort((a, b) => a[0] - b[0] || a[1] - b[1])
      .map(([_top, _at, e]) => ({other: e.className.includes('--other') ? 'yes' : '',
      text: [...e.querySelectorAll('.msg-s-event-listitem__body')].map(b => b.innerText).join('\\n'),
      words: (e.querySelector('time') || {}).innerText || ''}))};
}"""


# Older messages are fetched when the list's upper end comes into sight; a list that grows upwards has it below zero.
_UPWARDS = """() => document.querySelectorAll('.msg-s-message-list').forEach(e => { e.scrollTop = -e.scrollHeight; })"""
_SPONSORED = re.compile(r"Sponsored\b|LinkedIn Offer\b")  # in a text whose parts stand without a space between them
_LOOKS, _SURE = 20, 3


class _Thread:
    def __init__(self, sitting: Sitting) -> None:
        box = sitting.page.locator(_BOX)
        box.first.wait_for(timeout=sitting.left(10))
        if box.count() != 1:
            raise sitting.drift("more than one conversation is open")
        sitting.pause(0.3)  # the events are drawn after the box
        read = box.evaluate(_THREAD)
        self.box, self.slug, self.name = box, slug_of(read["href"]), str(read["name"])
        self.member = next(iter(re.findall(r"ACoA[\w-]+", str(read["href"]))), "")
        self.events = rows(read["events"])  # as they stand on the page, from above
        self.is_group = int(read["people"]) > 1
        self.is_waiting = bool(read["waits"])
        self.is_readable = not read["unreadable"]
        self.is_whole = self.is_readable and bool(read["starts"]) and not self.is_waiting

    def last_own(self) -> str:
        return next((one["text"] for one in reversed(self.events) if not one["other"]), "")


def _settled(sitting: Sitting) -> _Thread:
    """The conversation once nothing is being fetched and two looks in turn show the same."""
    before = _Thread(sitting)
    for _ in range(_LOOKS):
        thread = _Thread(sitting)
        if not thread.is_waiting and thread.events == before.events:
            return thread
        before = thread
    raise sitting.drift("the conversation does not stop loading")


def plain(text: str) -> str:
    """A text as compared: what an editor changes on its own (spaces, forms of a letter) makes no difference."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def send(sitting: Sitting, person: Person, text: str, gate: Gate) -> LinkedInOutcome:
    if len(text) > _LONGEST:
        return NotDone(f"The message has {len(text)} characters; LinkedIn takes {_LONGEST}.")
    thread = _open(sitting, person)
    if not thread.is_readable:
        raise sitting.drift("the conversation's messages can't be read")
    if thread.events and thread.events[-1]["other"]:
        return LeadProblem(LeadProblemKind.REPLIED)
    if plain(thread.last_own()) == plain(text):
        return LeadProblem(LeadProblemKind.ALREADY_SENT)
    _type(sitting, thread, text)
    button = sitting.page.locator("form:has([contenteditable]) button:visible").filter(has_text=re.compile(r"^\s*Send\s*$"))
    if button.count() != 1:
        raise sitting.drift("no one button to send the message")
    sitting.click_at_last(button, gate)
    sitting.pause(0.5)
    return _proof(sitting, person, text)


def _open(sitting: Sitting, person: Person) -> _Thread:
    card = profiles.read(sitting, person)
    if card.state is not ProfileState.CONNECTED:
        raise Stop(LeadProblem(LeadProblemKind.NOT_CONNECTED, "Only connections can be written to.", card.slug))
    if not card.message_address:
        raise sitting.drift("a connection without a way to write to them")
    sitting.go(card.message_address)
    return open_here(sitting, Person(card.slug, person.name, card.member_id))


def open_here(sitting: Sitting, person: Person) -> _Thread:
    """The conversation in sight, or the one of this name in the list; Stop unless it is this person's."""
    if not sitting.page.locator(_BOX).count():
        item = sitting.page.locator(_ITEM).filter(has_text=person.name)
        try:
            sitting.page.locator(_BOX).or_(item).first.wait_for(timeout=sitting.left(10))
        except Error:
            raise sitting.drift("no conversation") from None
        if not sitting.page.locator(_BOX).count() and item.count() == 1:
            item.locator(".msg-conversation-listitem__link, a").first.click(timeout=sitting.left(5))
    if sitting.page.locator(_SUBJECT).count():
        raise Stop(LeadProblem(LeadProblemKind.NOT_CONNECTED, "Only an InMail would reach this person."))
    thread = _settled(sitting)
    if thread.is_group:
        raise sitting.drift("the conversation is one of several people")
    if thread.slug != person.slug.lower() and not (person.member_id and thread.member == person.member_id):
        raise Stop(LeadProblem(LeadProblemKind.WRONG_PERSON, "The conversation is another person's."))
    if thread.name and not same_name(person.name, thread.name):
        raise Stop(LeadProblem(LeadProblemKind.WRONG_PERSON, "The conversation is another person's."))
    return thread


def _type(sitting: Sitting, thread: _Thread, text: str) -> None:
    """Enter may send, so lines are broken with Shift+Enter."""
    thread.box.fill("", timeout=sitting.left(5))
    thread.box.click(timeout=sitting.left(5))
    for number, line in enumerate(text.splitlines()):
        if number:
            sitting.page.keyboard.press("Shift+Enter")
        sitting.page.keyboard.insert_text(line)
    if plain(thread.box.inner_text(timeout=sitting.left(5))) != plain(text):
        raise sitting.drift("the box does not hold what was typed")


def _proof(sitting: Sitting, person: Person, text: str) -> LinkedInOutcome:
    try:
        thread = _open(sitting, person)
    except (Error, Stop):
        return Uncertain("The message may have gone out; the conversation could not be read again.")
    if any(not one["other"] and plain(one["text"]) == plain(text) for one in thread.events):
        return Done({"slug": thread.slug})
    return Uncertain("The message may have gone out; the conversation, loaded anew, does not show it.")


def look_up(sitting: Sitting, person: Person, text: str) -> Trace:
    """Whether this message is in the conversation; absence is told only of one that is known to be there as a whole."""
    thread = _open(sitting, person)
    shown, unchanged = -1, 0
    for _ in range(_LOOKS):
        if any(not one["other"] and plain(one["text"]) == plain(text) for one in thread.events):
            return Trace.FOUND
        unchanged = unchanged + 1 if thread.is_whole and len(thread.events) == shown else 0
        if unchanged == _SURE:
            return Trace.ABSENT
        shown = len(thread.events)
        sitting.page.evaluate(_UPWARDS)
        thread = _Thread(sitting)
    return Trace.UNKNOWABLE


def inbox(sitting: Sitting) -> tuple[InboxMessage, ...]:
    """The newest inbound message of each conversation that has something unread.

    To open one is to read it, and no later look tells of it again: so those before one that can't be read are told first.
    """
    sitting.go("/messaging/")
    unread = sitting.page.locator(_ITEM).filter(has=sitting.page.locator("[class*='--unread']"))
    sitting.page.locator(_ITEM).or_(sitting.page.locator("main")).first.wait_for(timeout=sitting.left(10))
    sitting.pause(0.3)
    personal = unread.filter(has_not_text=_SPONSORED)
    names = personal.locator("h3, .msg-conversation-card__participant-names").all_inner_texts()
    if len(dict.fromkeys(names)) < personal.count():
        raise sitting.drift("conversations without a name, or two of one name")
    found: list[InboxMessage] = []
    for name in dict.fromkeys(names):
        try:
            newest = _newest(sitting, name.strip())
        except (Error, Stop):
            if not found:
                raise
            break
        if newest is not None:
            found.append(newest)
    return tuple(found)


def _newest(sitting: Sitting, name: str) -> InboxMessage | None:
    item = sitting.page.locator(_ITEM).filter(has=sitting.page.get_by_text(name, exact=True))
    if item.count() != 1:
        raise sitting.drift("two conversations of one name")
    item.locator(".msg-conversation-listitem__link, a").first.click(timeout=sitting.left(5))
    thread = _settled(sitting)
    if thread.is_group:
        return None  # nobody in particular answered
    if not same_name(name, thread.name) or not thread.slug:
        raise sitting.drift("the open conversation is another one")
    if not thread.is_readable or not thread.events:
        # It was unread and is theirs, so they wrote, whatever; and now that it is open no later look would tell of it.
        return InboxMessage(thread.slug, name, "", sitting.page.url)
    last = next((one for one in reversed(thread.events) if one["other"]), None)
    return InboxMessage(thread.slug, name, last["text"], sitting.page.url, last["words"]) if last else None
