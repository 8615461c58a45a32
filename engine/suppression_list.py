"""The suppression list as people keep it: find, add one or many, remove; adding ends the sequences it concerns at once."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import idna
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import ColumnElement, Select, func, insert, or_, select

from engine import linkedin_urls, sequence
from engine.campaign_lists import like
from engine.desk import Desk, Problem, use_case
from engine.paged import Paged, within
from engine.suppressions import chunks, listed_keys, suppressed_leads
from storage.kinds import LeadState, Permission, Reason, SuppressionKind
from storage.tables import Lead, Suppression, User

KIND_WORDS = {
    SuppressionKind.ADDRESS: "Address",
    SuppressionKind.DOMAIN: "Domain",
    SuppressionKind.LINKEDIN_URL: "LinkedIn profile",
}
PAGE = 50
MOST_AT_ONCE = 100_000
_CHUNK = 500
_MOST_REFUSED = 500
_MOST_ENDED = 5_000
_FEW_DOMAINS = 20
_PIECE = 5_000
_LONGEST_WHY = 500
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_HEADINGS = frozenset(
    {"email", "e-mail", "address", "domain", "linkedin", "linkedin url", "url", "value", "adresse", "mail"}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list."""

    id: int
    kind: SuppressionKind
    value: str
    why: str
    since: datetime
    added_by: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what was given: its number there, the text, and why, where each has a reason of its own."""

    number: int
    text: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Added:
    """What adding did: `known` were on the list before, `refused` are (line, what was there, the sentence)."""

    added: int
    known: int
    sequences_ended: int
    refused: tuple[tuple[int, str, str], ...]

    def and_then(self, later: "Added") -> "Added":
        """Both together; of the refused ones the first."""
        refused = (self.refused + later.refused)[:_MOST_REFUSED]
        ended = self.sequences_ended + later.sequences_ended
        return Added(self.added + later.added, self.known + later.known, ended, refused)


@use_case(needs=Permission.READ, reads=True)
def find(desk: Desk, search: str = "", kind: SuppressionKind | None = None, page: int = 1) -> Paged[Entry]:
    """One page of the workspace's list, the newest first."""
    conditions: list[ColumnElement[bool]] = [Suppression.workspace_id == desk.workspace]
    if search.strip():
        pattern = like(search)
        conditions.append(or_(Suppression.value.ilike(pattern, escape="\\"), Suppression.why.ilike(pattern, escape="\\")))
    if kind is not None:
        conditions.append(Suppression.kind == kind)
    total = desk.session.scalar(select(func.count()).select_from(Suppression).where(*conditions)) or 0
    number = within(page, total, PAGE)
    rows = desk.session.execute(
        select(Suppression, User.email)
        .outerjoin(User, User.id == Suppression.added_by)
        .where(*conditions)
        .order_by(Suppression.id.desc())
        .limit(PAGE)
        .offset((number - 1) * PAGE)
    )
    entries = tuple(Entry(row.id, row.kind, row.value, row.why, row.since, by or "") for row, by in rows)
    return Paged(entries, number, PAGE, total)


@use_case(needs=Permission.MANAGE)
def add(desk: Desk, text: str, why: str = "") -> Added:
    """Add what is pasted: one address, domain or LinkedIn URL a line (or first cell); bad lines are named."""
    lines = [Line(number, cell) for number, cell in enumerate(_cells(text), start=1) if cell]
    if lines and lines[0].number == 1 and lines[0].text.casefold() in _HEADINGS:
        del lines[0]
    if not lines:
        raise Problem("Nothing was given. Write one address, domain or LinkedIn URL on each line.")
    return _add(desk, lines, why)


@use_case(needs=Permission.MANAGE)
def add_lines(desk: Desk, lines: Sequence[Line], why: str = "") -> Added:
    """Add some lines of a file; those without a reason of their own take `why`. Adding them again changes nothing."""
    return _add(desk, [line for line in lines if line.text], why)


def _add(desk: Desk, lines: Sequence[Line], why: str) -> Added:
    if len(why) > _LONGEST_WHY:
        raise Problem(f"The reason has {len(why)} characters; shorten it to {_LONGEST_WHY}.")
    wanted, refused = _sorted_out(lines, why.strip())
    known = listed_keys(desk.session, [(desk.workspace, kind, value) for kind, value in wanted])
    fresh = [each for each in wanted if (desk.workspace, *each) not in known]
    for chunk in chunks(fresh, _CHUNK):
        desk.session.execute(insert(Suppression), [_row(desk, kind, value, wanted[kind, value]) for kind, value in chunk])
    ended = _end_sequences(desk, fresh)
    if fresh:
        desk.audit(
            "suppressions.added",
            f"workspace:{desk.workspace}",
            new={"added": len(fresh), "first": [value for _, value in fresh[:20]], "why": why, "sequences_ended": ended},
        )
    return Added(len(fresh), len(wanted) - len(fresh), ended, tuple(refused))


@use_case(needs=Permission.MANAGE)
def remove(desk: Desk, suppression_id: int) -> None:
    """Take an entry off the list; sequences that it ended stay ended."""
    row = desk.session.get_one(Suppression, suppression_id)
    desk.session.delete(row)
    desk.audit(
        "suppression.removed",
        f"suppression:{row.id}",
        old={"kind": row.kind, "value": row.value, "why": row.why},
    )


def normalise(text: str) -> tuple[SuppressionKind, str] | None:
    """What an entry is and the form in which it is compared; None for what is none of the three."""
    given = text.strip().removeprefix("mailto:").strip("<>;,\"'")
    if "linkedin.com/" in given.lower():
        profile = linkedin_urls.profile(given)
        return (SuppressionKind.LINKEDIN_URL, profile) if profile else None
    if "@" in given.lstrip("@"):
        try:
            checked = validate_email(given, check_deliverability=False, test_environment=True, allow_smtputf8=False)
        except EmailNotValidError:
            return None
        return SuppressionKind.ADDRESS, (checked.ascii_email or checked.normalized).lower()
    domain = given.lstrip("@").lower().removeprefix("*.")
    try:
        # As addresses are kept (IDNA 2008): Python's own codec writes "straße.de" otherwise, and would catch nobody there.
        domain = idna.encode(domain, uts46=True).decode() if not domain.isascii() else domain
    except idna.IDNAError:
        return None
    return (SuppressionKind.DOMAIN, domain) if len(domain) <= 253 and _DOMAIN.fullmatch(domain) else None


def _sorted_out(
    lines: Sequence[Line], why: str
) -> tuple[dict[tuple[SuppressionKind, str], str], list[tuple[int, str, str]]]:
    """Each entry with its reason, and the lines that are none."""
    if len(lines) > MOST_AT_ONCE:
        raise Problem(f"That is {len(lines):,} lines; add at most {MOST_AT_ONCE:,} at once.")
    wanted: dict[tuple[SuppressionKind, str], str] = {}
    refused: list[tuple[int, str, str]] = []
    for line in lines:
        entry = normalise(line.text)
        if entry is not None:
            wanted.setdefault(entry, " ".join(line.why.split())[:_LONGEST_WHY] or why)
        elif len(refused) < _MOST_REFUSED:
            shown = line.text if len(line.text) <= 60 else f"{line.text[:59]}…"
            refused.append((line.number, shown, "This is no e-mail address, domain or LinkedIn profile."))
    return wanted, refused


def _cells(text: str) -> Iterable[str]:
    """The first cell of each line."""
    try:
        for row in csv.reader(io.StringIO(text.replace("\x00", ""), newline="")):
            yield re.split(r"[;\t]", row[0])[0].strip() if row else ""
    except csv.Error:
        raise Problem("The list can't be read: a quotation mark is missing somewhere.") from None


def _row(desk: Desk, kind: SuppressionKind, value: str, why: str) -> dict[str, object]:
    return {
        "workspace_id": desk.workspace,
        "kind": kind,
        "value": value,
        "why": why,
        "since": desk.now,
        "added_by": desk.actor.user_id,
    }


def _end_sequences(desk: Desk, fresh: Sequence[tuple[SuppressionKind, str]]) -> int:
    """End the sequences under way that the new entries catch, at most as many as one transaction should.

    The others are refused by the gate, which asks the list before every single mail.
    """
    if not fresh:
        return 0
    caught = suppressed_leads(desk.session, _candidates(desk, fresh))
    return sum(
        sequence.end(desk.session, chunk, LeadState.STOPPED, Reason.SUPPRESSED, actor=desk.actor.label, now=desk.now)
        for chunk in chunks(sorted(caught)[:_MOST_ENDED], _CHUNK)
    )


def _candidates(desk: Desk, fresh: Sequence[tuple[SuppressionKind, str]]) -> list[int]:
    """Active leads that the new entries may catch: persons by their indexes, whole domains by the ends of the addresses."""
    active = select(Lead.id).where(Lead.workspace_id == desk.workspace, Lead.state == LeadState.ACTIVE)
    found: list[int] = []
    for chunk in chunks([value for kind, value in fresh if kind is not SuppressionKind.DOMAIN], _CHUNK):
        for column in (Lead.email, Lead.linkedin_url):  # one OR of both would use the index of neither
            found += desk.session.scalars(active.where(column.in_(chunk))).all()
    domains = frozenset(value for kind, value in fresh if kind is SuppressionKind.DOMAIN)
    return [*found, *_at_domains(desk, active, domains)]


def _at_domains(desk: Desk, active: Select[int], domains: frozenset[str]) -> Iterator[int]:
    """The active leads with an address at one of the domains or below it.

    The database looks for a few; of many each would be looked for in each address, so the addresses come here in pieces.
    """
    if len(domains) <= _FEW_DOMAINS:
        ends = [Lead.email.like(f"%{mark}{domain}") for domain in sorted(domains) for mark in "@."]
        yield from desk.session.scalars(active.where(or_(*ends))) if ends else ()
        return
    last, addresses = 0, active.add_columns(Lead.email).where(Lead.email != "").order_by(Lead.id).limit(_PIECE)
    while rows := desk.session.execute(addresses.where(Lead.id > last)).all():
        last = rows[-1][0]
        for lead_id, email in rows:
            labels = email.rpartition("@")[2].split(".")
            if any(".".join(labels[start:]) in domains for start in range(len(labels) - 1)):
                yield lead_id
