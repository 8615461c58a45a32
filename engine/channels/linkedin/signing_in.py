"""Signing in: the form once, then whatever LinkedIn asks, put to a person and never solved."""

import re
import time
from urllib.parse import urlsplit

from playwright.sync_api import Error

from engine.channels.linkedin.outcomes import (
    ApproveInApp,
    Ask,
    Asked,
    Blocked,
    BlockedKind,
    Captcha,
    ChooseContract,
    CodeAsked,
    CodeGiven,
    CodeKind,
    ContractChosen,
    NotDone,
    Resend,
    SignInEnd,
    TimedOut,
    Unknown,
    WrongCredentials,
)
from engine.channels.linkedin.sitting import HOME, Sitting, standing

_USER = "input#username:visible, input[name=session_key]:visible, input[autocomplete~=username]:visible"
_PASSWORD = "input#password:visible, input[name=session_password]:visible, input[autocomplete~=current-password]:visible"  # noqa: S105
_ERROR = "#error-for-username:visible, #error-for-password:visible, .form__label--error:visible, [role=alert]:visible"
_CODE = (
    "input[name=pin]:visible, #input__phone_verification_pin:visible, #input__email_verification_pin:visible, "
    ".input_verification_pin:visible, input[autocomplete=one-time-code]:visible, input[type=tel]:visible"
)
_CAPTCHA = (
    "#captcha-internal:visible, iframe[src*=arkoselabs]:visible, iframe[src*=funcaptcha]:visible, "
    "iframe[title*=captcha i]:visible, input[name=captcha]:visible"
)
_APP = re.compile(r"check your linkedin app|open your linkedin app|notification to your signed-in devices", re.IGNORECASE)
_DOCUMENT = re.compile(r"identity document|government|passport|add (a|your) phone|register.{0,20}phone", re.IGNORECASE)
_WAYS_ON = (
    "button#content__button--primary--muted:visible",  # agree to comply
    "button[action-type=DENY]:visible",  # the cookie banner
)
_HEADING = ":is(h1, h2, h3):visible"
_REMEMBER = re.compile(r"(remember|trust|recogni[sz]e) (this|your) (browser|device)", re.IGNORECASE)
_NOT_NOW = re.compile(r"^\s*(not now|skip|no)\b", re.IGNORECASE)
_GO_ON = re.compile(r"^\s*(yes|remember|trust|continue)\b", re.IGNORECASE)
_TOO_MANY = (
    "LinkedIn takes no sign-in of this account for now: there were too many attempts. Wait a day, then start it again."
)
_BACK = "LinkedIn went back to its sign-in page: the sign-in was denied, or took too long. Start it again."
_LOOKS = 5  # at a page that is not known, before it is said to be so


def sign_in(sitting: Sitting, email: str, password: str, ask: Ask) -> SignInEnd | None:
    """Until the account's feed is open (None), or how it ended otherwise."""
    sitting.page.goto(f"{HOME}/login", timeout=sitting.left(30), wait_until="domcontentloaded")
    _ways_on(sitting)
    _submit(sitting, email, password)
    refused = _settled(sitting) or _through_checks(sitting, ask)
    return refused if refused is not None else _through_contracts(sitting, ask)


def _through_checks(sitting: Sitting, ask: Ask) -> SignInEnd | None:
    while sitting.until - time.monotonic() > 1:
        try:
            if _is_in(sitting):
                return None
            if _ways_on(sitting):
                continue
            asked = _asked_for_sure(sitting)
            if asked is None:
                continue
            if not isinstance(asked, CodeAsked | ApproveInApp | ChooseContract):
                return asked
            _answered(sitting, asked, ask)
        except Error:  # the page moved on while it was read
            if sitting.page.is_closed():
                raise
            time.sleep(0.2)
    return TimedOut()


def _through_contracts(sitting: Sitting, ask: Ask) -> SignInEnd | None:
    """Whoever has several Sales Navigator contracts is asked for one there, and only a person can know which."""
    page = sitting.page
    try:
        page.goto(f"{HOME}/sales/home", timeout=sitting.left(30), wait_until="domcontentloaded")
        while "contract" in urlsplit(page.url).path:
            asked = _asked(sitting)
            if not isinstance(asked, ChooseContract):
                break
            _answered(sitting, asked, ask)
    except Error:
        return TimedOut() if sitting.until - time.monotonic() <= 1 else None  # signed in it is; the seat is read later
    return None


def _submit(sitting: Sitting, email: str, password: str) -> None:
    page = sitting.page
    other = page.locator("#rememberme-div button:visible").filter(has_text="another account")
    page.locator(_PASSWORD).or_(other).first.wait_for(timeout=sitting.left(20))
    if other.count():
        other.first.click(timeout=sitting.left(5))
    page.locator(_PASSWORD).first.wait_for(timeout=sitting.left(20))
    if page.locator(_USER).count():
        page.locator(_USER).first.fill(email, timeout=sitting.left(5))
    page.locator(_PASSWORD).first.fill(password, timeout=sitting.left(5))
    page.locator(_PASSWORD).first.press("Enter", timeout=sitting.left(5))


def _settled(sitting: Sitting) -> SignInEnd | None:
    """Wait until the form is gone; a form that stays with an error means wrong credentials, never tried again."""
    for _ in range(100):
        if not urlsplit(sitting.page.url).path.startswith(("/login", "/uas/login")):
            return None
        if "errorKey=" in sitting.page.url:
            return NotDone(_TOO_MANY)
        error = _error(sitting)
        if error:
            return WrongCredentials(error)
        sitting.pause(0.2)
    return Unknown(_picture(sitting), "LinkedIn did not go on after the password.")


def _error(sitting: Sitting) -> str:
    try:
        texts = sitting.page.locator(_ERROR).all_inner_texts()
    except Error:  # the page moved on while it was read: the form is gone, or will be asked again
        return ""
    return next((text.strip()[:200] for text in texts if text.strip()), "")


def _is_in(sitting: Sitting) -> bool:
    here = standing(sitting.page.url, "")
    return here is None and any(cookie.get("name") == "li_at" for cookie in sitting.page.context.cookies(HOME))


def _ways_on(sitting: Sitting) -> bool:
    if sitting.page.locator(_HEADING).filter(has_text=_REMEMBER).count():
        buttons = sitting.page.locator(":is(button, a, [role=button]):visible")
        for words in (_NOT_NOW, _GO_ON):
            if (found := buttons.filter(has_text=words)).count():
                found.first.click(timeout=sitting.left(5))
                sitting.pause(0.5)
                return True
    for way in _WAYS_ON:
        if sitting.page.locator(way).count():
            sitting.page.locator(way).first.click(timeout=sitting.left(5))
            sitting.pause(0.5)
            return True
    return False


def _asked_for_sure(sitting: Sitting) -> SignInEnd | Asked | None:
    """What the page asks; None when it moved on while it was read, or goes on without asking.

    A page is read piece by piece and may be half drawn, so one that is not known is looked at for a while before it
    ends the sign-in.
    """
    for look in range(_LOOKS):
        address = sitting.page.url
        sitting.pause(0.3)
        asked = _asked(sitting)
        if sitting.page.url != address or _is_in(sitting):
            return None
        if not isinstance(asked, Unknown | NotDone) or look == _LOOKS - 1:
            return asked
    return None


def _asked(sitting: Sitting) -> SignInEnd | Asked:
    """What the page asks, in the order that tells a code from a captcha from an approval."""
    page = sitting.page
    text = page.locator("body").inner_text(timeout=sitting.left())
    here = standing(page.url, text)
    if "contract" in urlsplit(page.url).path:
        return ChooseContract(tuple(page.locator("main button:visible").all_inner_texts()))
    if page.locator(_CODE).count():
        return CodeAsked(_code_kind(sitting, text), _hint(text), " ".join(page.locator(_ERROR).all_inner_texts())[:200])
    if page.locator(_CAPTCHA).count():
        return Captcha(_picture(sitting))
    if isinstance(here, Blocked) and here.kind is BlockedKind.RESTRICTED and "/challenge" not in page.url:
        return here
    if isinstance(here, Blocked) and here.kind is BlockedKind.LOGIN:
        return NotDone(_BACK)
    is_checkpoint = isinstance(here, Blocked) and here.kind is BlockedKind.CHECKPOINT
    if _APP.search(text) or (is_checkpoint and not _DOCUMENT.search(text) and not page.locator("form:visible").count()):
        return ApproveInApp()
    return Unknown(_picture(sitting), "LinkedIn asks for something else; finish this in a browser of your own.")


def _code_kind(sitting: Sitting, text: str) -> CodeKind:
    if "authenticator app" in text and "phone number ending" not in text:
        return CodeKind.AUTHENTICATOR
    by_mail = sitting.page.locator("#input__email_verification_pin, #email-pin-challenge").count()
    return CodeKind.EMAIL if by_mail or re.search(r"your e-?mail", text, re.IGNORECASE) else CodeKind.SMS


def _hint(text: str) -> str:
    found = re.search(r"ending (?:with|in) \S+|\S+@\S+", text)
    return found.group(0).rstrip(".") if found else ""


def _answered(sitting: Sitting, asked: Asked, ask: Ask) -> None:
    answer = ask(asked, max(0.0, sitting.until - time.monotonic()))
    page = sitting.page
    if isinstance(answer, CodeGiven) and page.locator(_CODE).count():
        page.locator(_CODE).first.fill(answer.code, timeout=sitting.left(5))
        page.locator(_CODE).first.press("Enter", timeout=sitting.left(5))
        sitting.pause(1)
    elif isinstance(answer, Resend):
        again = re.compile(r"resend|send (a )?new code|didn.?t (get|receive)", re.IGNORECASE)
        page.locator(":is(a, button):visible").filter(has_text=again).first.click(timeout=sitting.left(5))
        sitting.pause(1)
    elif isinstance(answer, ContractChosen):
        page.get_by_role("button", name=answer.option, exact=True).click(timeout=sitting.left(5))
        sitting.pause(1)
    else:
        sitting.pause(0.5)


def _picture(sitting: Sitting) -> bytes:
    return sitting.page.screenshot(timeout=sitting.left(10))
