"""Connection requests: the dialog with all it may ask, and the proof from a fresh load."""

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Error, Locator, Page

from engine.channels.effects import Uncertain
from engine.channels.linkedin import profiles
from engine.channels.linkedin.outcomes import (
    Blocked,
    BlockedKind,
    Done,
    Gate,
    LeadProblem,
    LeadProblemKind,
    LinkedInOutcome,
    NotDone,
    Person,
    ProfileState,
)
from engine.channels.linkedin.sitting import HOME, Sitting, Stop, same_name

# The bubble of an open conversation is a dialog as well, with a box and a button that says Send.
_DIALOG = ":is(dialog[open], [role=dialog], [role=alertdialog]):not(:has([aria-label^='Write a message'])):visible"
_OURS = re.compile(r"invitation|personal note|how do you know|to connect|weekly limit", re.IGNORECASE)
_WEEKLY = re.compile(r"reached the weekly (invitation )?limit", re.IGNORECASE)
_NEAR = re.compile(r"(close to|approaching) the weekly invitation limit", re.IGNORECASE)
# Besides toasts the limit has been a box of its own that is no dialog.
_TOAST = ":is([role=alert], [data-test-artdeco-toast-item-type], [class*=ip-fuse-limit-alert]):visible"
_SEND = re.compile(r"^(Send invitation|Send now|Send)( to .+)?$")
_ANSWERS = re.compile(r"^(Send\b|Add a note$|Got it$)")
_SEND_BARE = re.compile(r"^Send without\b")
_ASKS_EMAIL = re.compile(r"enter (their|an?|the) e-?mail", re.IGNORECASE)
_NOTE = "textarea:visible, [role=textbox]:visible"
_REFUSED = {
    ProfileState.PENDING: LeadProblemKind.ALREADY_PENDING,
    ProfileState.CONNECTED: LeadProblemKind.ALREADY_CONNECTED,
    ProfileState.FOLLOW_ONLY: LeadProblemKind.FOLLOW_ONLY,
    ProfileState.COOL_DOWN: LeadProblemKind.COOL_DOWN,
}


def request(sitting: Sitting, person: Person, note: str, gate: Gate) -> LinkedInOutcome:
    card = profiles.read(sitting, person)
    if card.state in _REFUSED:
        return LeadProblem(_REFUSED[card.state], slug=card.slug)
    if card.state is ProfileState.UNKNOWN:
        raise sitting.drift("neither a way to connect nor a reason against it")
    _open_dialog(sitting, card, gate)
    if card.state is ProfileState.INCOMING:
        return _proof(sitting, person, accepted=True)
    said = _Said()
    _through_dialogs(sitting, person, note, said)
    proof = _proof(sitting, person, said.notes_left, near_limit=said.near_limit)
    if isinstance(proof, NotDone) and not said.anything:  # told by a fresh load: nothing happened, and nothing will
        return sitting.drift("the way to connect leads to no dialog and to no invitation").outcome
    return proof


@dataclass(slots=True)
class _Said:
    """What the dialogs told beside their questions."""

    anything: bool = False
    near_limit: bool = False
    notes_left: int | None = None  # of this month's, after this one


def _open_dialog(sitting: Sitting, card: profiles.Card, gate: Gate) -> None:
    if card.control:
        sitting.click_at_last(card.control, gate)
        return
    if not card.invite_address:
        raise sitting.drift("the menu's way to connect leads nowhere")
    if not gate():
        raise Stop(NotDone("The last gate refused."))
    sitting.clicked = True  # some layouts send at once
    address = card.invite_address
    sitting.go(address if address.startswith(HOME) else "/" + address.lstrip("/"))


def _through_dialogs(sitting: Sitting, person: Person, note: str, said: _Said) -> None:
    """Answer one dialog after the other until the invitation is sent."""
    for _ in range(6):
        dialog = _next_dialog(sitting, bool(note))
        if dialog is None:
            return
        said.anything = True
        text = dialog.inner_text(timeout=sitting.left(5))
        _refusals(dialog, text, person)
        if _NEAR.search(text):
            said.near_limit = True
            dialog.get_by_role("button", name="Got it").click(timeout=sitting.left(5))
        elif _answer(sitting, dialog, text, note, said):
            _after_sending(sitting, said)
            return
        sitting.pause()
    raise sitting.drift("the invitation's dialogs do not end")


def _next_dialog(sitting: Sitting, with_note: bool) -> Locator | None:
    page = sitting.page
    dialogs = page.locator(_DIALOG).filter(has_text=_OURS)
    if with_note:  # whoever has no note left is offered Premium, in words of any kind
        dialogs = dialogs.or_(page.locator(_DIALOG).filter(has=page.locator('a[href*="/premium/"]')))
    for _ in range(30):
        if dialogs.count():
            return _foremost(page, dialogs)
        _weekly_toast(sitting)
        if sitting.page.locator('[data-outpost-card] :is([aria-label^="Pending"], [componentkey$="_pending"])').count():
            return None
        sitting.pause()
    return None


def _foremost(page: Page, dialogs: Locator) -> Locator:
    """Of several that speak of invitations the one that refuses, else one that can be answered: others only advertise."""
    refusing = [dialogs.filter(has_text=words) for words in (_WEEKLY, _ASKS_EMAIL)]
    answered = dialogs.filter(has=page.get_by_role("button", name=_ANSWERS))
    return next((some for some in (*refusing, answered) if some.count()), dialogs).last


def _refusals(dialog: Locator, text: str, person: Person) -> None:
    if _WEEKLY.search(text):
        raise Stop(_weekly())
    if dialog.locator("input[type=email]:visible").count() or _ASKS_EMAIL.search(text):
        raise Stop(LeadProblem(LeadProblemKind.EMAIL_REQUIRED))
    if re.search(r"how do you know", text, re.IGNORECASE):
        raise Stop(LeadProblem(LeadProblemKind.RELATION_REQUIRED))
    named = re.search(r"invitation to (.+?) by adding", text)
    if named and not same_name(person.name, named.group(1)):
        raise Stop(LeadProblem(LeadProblemKind.WRONG_PERSON))


def _answer(sitting: Sitting, dialog: Locator, text: str, note: str, said: _Said) -> bool:
    """Take one step; whether it was the sending one."""
    box = dialog.locator(_NOTE)
    if note and box.count():
        said.notes_left = _write_note(sitting, box.first, text, note)
        return _press(sitting, dialog, _SEND)
    if note and _press(sitting, dialog, re.compile(r"^Add a note$")):
        return False
    if note and dialog.locator('a[href*="/premium/"]').count():
        raise Stop(_no_notes())
    if not note and (_press(sitting, dialog, _SEND_BARE) or _press(sitting, dialog, _SEND)):
        return True
    raise sitting.drift("the invitation's dialog offers no way to send")


def _write_note(sitting: Sitting, box: Locator, text: str, note: str) -> int | None:
    """Fill it in; how many more LinkedIn says it takes this month, None when it does not say."""
    found = re.search(r"(\d+) personali[sz]ed invitations? remaining", text)
    left = int(found.group(1)) if found else None
    if left == 0:
        raise Stop(_no_notes())
    most = re.search(r"\b\d+\s*/\s*(\d+)", text)
    if most and len(note) > int(most.group(1)):
        raise Stop(NotDone(f"The note has {len(note)} characters; LinkedIn takes {most.group(1)} from this account."))
    box.fill(note, timeout=sitting.left(5))
    return left - 1 if left is not None else None


def _press(sitting: Sitting, dialog: Locator, name: re.Pattern[str]) -> bool:
    button = dialog.get_by_role("button", name=name).locator("visible=true")
    if button.count() != 1 or button.is_disabled(timeout=sitting.left(5)):
        return False
    button.click(trial=True, timeout=sitting.left(5))
    button.click(timeout=sitting.left(5))
    return True


def _after_sending(sitting: Sitting, said: _Said) -> None:
    """Wait until the dialog is gone; a limit, or that it is near, may be said only now."""
    for _ in range(30):
        _weekly_toast(sitting)
        dialogs = sitting.page.locator(_DIALOG).filter(has_text=_OURS)
        if not dialogs.count():
            break
        text = dialogs.last.inner_text(timeout=sitting.left(5))
        if _WEEKLY.search(text):
            raise Stop(_weekly())
        if _NEAR.search(text):
            said.near_limit = True
            break
        sitting.pause()
    sitting.pause(0.4)
    _weekly_toast(sitting)


def _weekly_toast(sitting: Sitting) -> None:
    if any(_WEEKLY.search(text) for text in sitting.page.locator(_TOAST).all_inner_texts()):
        raise Stop(_weekly())


def _weekly() -> Blocked:
    return Blocked(BlockedKind.WEEKLY_LIMIT, "LinkedIn's weekly limit of invitations is reached.")


def _no_notes() -> Blocked:
    return Blocked(BlockedKind.NOTE_QUOTA, "LinkedIn lets this account write no more notes this month.")


def _proof(sitting: Sitting, person: Person, notes_left: int | None = None, **said: Any) -> LinkedInOutcome:
    try:
        card = profiles.read(sitting, person)
    except (Error, Stop):
        return Uncertain("The request may have gone out; the profile could not be read again.")
    if card.state in (ProfileState.PENDING, ProfileState.CONNECTED):
        evidence = {"slug": card.slug, "member_id": card.member_id, "state": card.state.value}
        return Done({**evidence, "notes_left": notes_left} if notes_left is not None else evidence, **said)
    if card.state in (ProfileState.CONNECTABLE, ProfileState.INCOMING):
        return NotDone("The profile, loaded anew, shows that the request did not go out.")
    return Uncertain("The request may have gone out; the profile does not say.")
