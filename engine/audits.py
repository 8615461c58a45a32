"""Reading the audit log: filtered, paged, exported; nobody changes it."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select, true

from engine.desk import Denied, Desk, use_case
from storage.kinds import Permission
from storage.tables import Audit

PAGE = 50
_MOST_EXPORTED = 100_000
_FORMULA = re.compile(r"^\s*[=+\-@＝＋－＠\t\r]")  # a spreadsheet would run it; some take the wide signs as well


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter; days are those of `zone`, both included. `installation` asks for lines of no workspace (owners only)."""

    who: str = ""
    what: str = ""
    text: str = ""
    first_day: date | None = None
    last_day: date | None = None
    zone: str = "UTC"
    installation: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    id: int
    at: datetime
    who: str
    what: str
    subject: str
    identity_id: int | None
    old: dict[str, Any] | None
    new: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Page:
    lines: tuple[Line, ...]
    total: int
    number: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


@use_case(needs=Permission.READ, reads=True)
def list_lines(desk: Desk, wanted: Wanted, number: int = 1) -> Page:
    """One page, the newest first."""
    condition = _condition(desk, wanted)
    total = desk.session.scalar(select(func.count()).select_from(Audit).where(condition)) or 0
    shown = min(max(1, number), max(1, -(-total // PAGE)))
    return Page(tuple(_lines(desk, condition, PAGE, (shown - 1) * PAGE)), total, shown)


@use_case(needs=Permission.READ, reads=True)
def words(desk: Desk) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The actors and the verbs that occur in what the reader may see, for the filters."""
    condition = _condition(desk, Wanted())
    actors = desk.session.scalars(select(Audit.actor).where(condition).distinct().order_by(Audit.actor).limit(200))
    verbs = desk.session.scalars(select(Audit.what).where(condition).distinct().order_by(Audit.what).limit(200))
    return tuple(actors), tuple(verbs)


@use_case(needs=Permission.READ, exports=True)
def export_csv(desk: Desk, wanted: Wanted) -> str:
    """The filtered lines as CSV, safe to open in a spreadsheet; the export is a line of the log itself."""
    out = io.StringIO()
    out.write("\ufeff")  # Excel takes UTF-8 for what it is only with this mark
    rows = csv.writer(out)
    rows.writerow(["at (UTC)", "who", "what", "subject", "old", "new"])
    lines = list(_lines(desk, _condition(desk, wanted), _MOST_EXPORTED, 0))
    for line in lines:
        texts = (line.who, line.what, line.subject, _json(line.old), _json(line.new))
        rows.writerow([line.at.isoformat(), *map(safe_cell, texts)])
    desk.audit("audit_log.exported", f"workspace:{desk.workspace}", new={"lines": len(lines)})
    return out.getvalue()


def safe_cell(text: str) -> str:
    """The text as a cell that a spreadsheet shows and does not run."""
    return f"'{text}" if _FORMULA.match(text) else text


def _json(value: dict[str, Any] | None) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _lines(desk: Desk, condition: ColumnElement[bool], limit: int, offset: int) -> Iterator[Line]:
    rows = desk.session.scalars(
        select(Audit).where(condition).order_by(Audit.at.desc(), Audit.id.desc()).limit(limit).offset(offset)
    )
    for row in rows:
        yield Line(row.id, row.at, row.actor, row.what, row.subject, row.identity_id, row.old, row.new)


def _condition(desk: Desk, wanted: Wanted) -> ColumnElement[bool]:
    conditions = [_within(desk, wanted)]
    if wanted.who:
        conditions.append(Audit.actor == wanted.who)
    if wanted.what:
        conditions.append(Audit.what == wanted.what)
    if wanted.first_day:
        conditions.append(Audit.at >= _midnight(wanted.first_day, wanted.zone))
    if wanted.last_day:
        conditions.append(Audit.at < _midnight(wanted.last_day + timedelta(days=1), wanted.zone))
    for word in wanted.text.split()[:8]:
        texts = (Audit.subject, Audit.actor, Audit.what, cast(Audit.old, String), cast(Audit.new, String))
        conditions.append(or_(*(column.icontains(word, autoescape=True) for column in texts)))
    return and_(*conditions)


def _within(desk: Desk, wanted: Wanted) -> ColumnElement[bool]:
    """Lines of this workspace; who sees named identities only reads what happened to those."""
    if wanted.installation:
        if not desk.actor.is_owner:
            raise Denied
        return Audit.workspace_id.is_(None)
    access = desk.access()
    if access is None:
        raise Denied
    mine = true() if access.identity_ids is None else Audit.identity_id.in_(access.identity_ids)
    return and_(Audit.workspace_id == desk.workspace, mine)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone))
