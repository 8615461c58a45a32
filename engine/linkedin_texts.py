"""The texts of LinkedIn steps: how long LinkedIn lets them be from which account, and how they read to one lead."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, literal, select
from sqlalchemy.orm import Session

from engine import linkedin_accounts
from engine.desk import Desk, Problem, use_case
from engine.letters import fields_of
from engine.texts import STANDARD_FIELDS, BadText, UnsendableText, literals, render, uses
from storage.kinds import ActionKind, LeadState, Permission
from storage.tables import Campaign, Lead, Step

# A free account's note takes 200 characters, a Premium one's 300 (every Sales Navigator seat is Premium); a message 8,000.
FREE_NOTE, PREMIUM_NOTE, MESSAGE = 200, 300, 8_000
_LINK = "https://www."  # before what is kept of a profile's address
LINKEDIN_STEPS = (ActionKind.CONNECTION_REQUEST, ActionKind.LINKEDIN_MESSAGE)


@dataclass(frozen=True, slots=True)
class Shown:
    """A LinkedIn step as one lead reads it; `text` is empty for a request without a note, and beside a problem."""

    lead_name: str
    text: str
    length: int
    longest: int
    problem: str


@use_case(needs=Permission.READ, reads=True)
def preview(desk: Desk, campaign_id: int, kind: ActionKind, body: str, lead_id: int) -> Shown:
    """What `body`, unsaved, would say to a lead as a step of this kind."""
    lead = desk.session.get_one(Lead, lead_id)
    if lead.campaign_id != campaign_id:
        raise Problem("This lead belongs to another campaign.")
    most = longest(desk.session, desk.session.get_one(Campaign, campaign_id).identity_id, kind)
    fields = fields_of(lead)
    try:
        text = written(body, fields, kind, most)
    except Problem as problem:
        return Shown(lead.name, "", _length_of(body, fields), most, str(problem))
    return Shown(lead.name, text, length(text), most, "")


@use_case(needs=Permission.READ, reads=True)
def longest_of(desk: Desk, identity_id: int, kind: ActionKind) -> int:
    return longest(desk.session, identity_id, kind)


def longest(session: Session, identity_id: int, kind: ActionKind) -> int:
    """The most characters of such a text from this identity's account."""
    if kind is ActionKind.LINKEDIN_MESSAGE:
        return MESSAGE
    account = linkedin_accounts.account_of(session, identity_id)
    return PREMIUM_NOTE if account is not None and (account.has_premium or account.has_seat) else FREE_NOTE


def written(body: str, fields: Mapping[str, str], kind: ActionKind, most: int) -> str:
    """The text for one lead; UnsendableText with the count when LinkedIn would not take it."""
    text = render(body, fields).strip()
    if (count := length(text)) > most:
        raise UnsendableText(
            f"For this lead the {_called(kind)} has {count:,} characters; this account's limit is {most:,}. "
            f"Shorten it by {count - most:,}{_or_premium(kind, most)}."
        )
    if kind is ActionKind.LINKEDIN_MESSAGE and not text:
        raise UnsendableText("The step's text is empty; write one.")
    return text


def too_long(body: str, kind: ActionKind, most: int) -> str:
    """Why this text is too long for everybody, whatever its fields hold; empty when it is not, or can't be read."""
    try:
        count = sum(map(length, literals(body)))
    except BadText:
        return ""
    if count <= most:
        return ""
    return (
        f"The {_called(kind)} has {count:,} characters before any field is filled in; this account's limit is {most:,}. "
        f"Shorten it by {count - most:,}{_or_premium(kind, most)}."
    )


def exceeding(session: Session, step: Step, most: int) -> Iterator[Lead]:
    """The leads to begin with for whom the step's text is longer than this, in the order in which they came."""
    try:
        may_be = _at_most(step.body) > most
    except BadText:
        return
    wanted = select(Lead).where(Lead.campaign_id == step.campaign_id, Lead.state == LeadState.NEW, may_be).order_by(Lead.id)
    for lead in session.scalars(wanted.execution_options(yield_per=1_000)):
        if _length_of(step.body, fields_of(lead)) > most:
            yield lead


def _at_most(body: str) -> ColumnElement[int]:
    """At least as many as the text has characters for a lead, told by the database from the bytes of its fields alone.

    A character is never more of LinkedIn's than it has bytes; so only those who may exceed are read and rendered.
    """
    most: ColumnElement[int] = literal(sum(map(length, literals(body))))
    for use in uses(body):
        held = func.octet_length(func.coalesce(_value(use.name), "")) + (len(_LINK) if use.name == "linkedin_url" else 0)
        instead = len(use.fallback.encode())
        longest = case((held > instead, held), else_=instead)
        most = most + (longest if use.is_even else 2 * longest)
    return most


def _value(field: str) -> ColumnElement[str]:
    column: ColumnElement[str] = getattr(Lead, field) if field in STANDARD_FIELDS else Lead.fields[field].as_string()
    return column


def length(text: str) -> int:
    """As LinkedIn's counter counts: an emoji is two, as in every browser's text box."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _length_of(body: str, fields: Mapping[str, str]) -> int:
    try:
        return length(render(body, fields).strip())
    except Problem:
        return 0


def _called(kind: ActionKind) -> str:
    return "note" if kind is ActionKind.CONNECTION_REQUEST else "message"


def _or_premium(kind: ActionKind, most: int) -> str:
    is_free = kind is ActionKind.CONNECTION_REQUEST and most < PREMIUM_NOTE
    return ", or say under LinkedIn that the account has Premium" if is_free else ""
