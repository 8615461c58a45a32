"""Bringing a CSV's leads into a campaign: checked row by row, in chunks, each person once, and it goes on after any end.

The file lies in the database until its last row is done. A chunk's leads, its problems and `rows_done` are written in
one transaction, so a process that dies between two chunks loses and doubles nothing; the page and the worker may even
take turns at the same import.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from engine import known_people
from engine.csv_reading import read
from engine.desk import WORKER, Denied, Desk, Problem, use_case
from engine.import_checking import MOST_PROBLEMS, called, keys, people, places
from engine.lead_rows import Person, RowProblem
from engine.pieces import paced
from storage.database import Database
from storage.kinds import CampaignState, ImportState, Permission
from storage.tables import Campaign, Lead, LeadImport, LeadImportFile

CHUNK = 5_000
_UNFINISHED = (ImportState.WAITING, ImportState.RUNNING)


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is, or how it ended."""

    import_id: int
    campaign_id: int
    file_name: str
    state: ImportState
    rows_total: int
    rows_done: int
    leads_added: int
    problem_count: int
    problems: tuple[RowProblem, ...]
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_done(self) -> bool:
        return self.state not in _UNFINISHED


@use_case(needs=Permission.MANAGE)
def start_import(
    desk: Desk,
    campaign_id: int,
    file_name: str,
    content: bytes,
    mapping: dict[str, str],
    encoding: str = "",
    delimiter: str = "",
) -> int:
    """Take a file in; `mapping` is field → heading. The rows are brought in by `import_more` or by the worker."""
    campaign = desk.session.get_one(Campaign, campaign_id)
    if campaign.state is CampaignState.FINISHED:
        raise Problem("The campaign is finished. Duplicate it and import the leads there.")
    sheet = read(content, encoding, delimiter)
    places(sheet, mapping)
    content_hash = hashlib.sha256(content).hexdigest()
    _require_new(desk, campaign_id, content_hash)
    made = LeadImport(
        workspace_id=desk.workspace,
        campaign_id=campaign_id,
        file_name=file_name[:200],
        content_hash=content_hash,
        mapping=dict(mapping),
        state=ImportState.WAITING,
        rows_total=len(sheet.rows),
        created_at=desk.now,
        created_by=desk.actor.user_id,
    )
    desk.session.add(made)
    desk.session.flush()
    desk.session.add(LeadImportFile(import_id=made.id, content=content, encoding=sheet.encoding, delimiter=sheet.delimiter))
    desk.audit(
        "leads.import_started",
        f"campaign:{campaign_id}",
        new={"file": made.file_name, "rows": made.rows_total},
        identity_id=campaign.identity_id,
    )
    return made.id


def _require_new(desk: Desk, campaign_id: int, content_hash: str) -> None:
    earlier = desk.session.scalar(
        select(LeadImport).where(LeadImport.campaign_id == campaign_id, LeadImport.content_hash == content_hash)
    )
    if earlier is None:
        return
    if earlier.state not in _UNFINISHED and earlier.leads_added == 0:
        desk.session.delete(earlier)  # it brought nothing, so the same file may be tried with other columns
        desk.session.flush()
        return
    raise Problem(
        f"This file was already imported into this campaign on {earlier.created_at:%d %b %Y} "
        f"as “{earlier.file_name}”. Nothing was imported again."
    )


@use_case(needs=Permission.MANAGE)
def import_more(desk: Desk, import_id: int) -> ImportProgress:
    """Bring in the next chunk of an import and say how far it is."""
    return _advance(desk, import_id)


@use_case(needs=Permission.READ, reads=True)
def import_progress(desk: Desk, import_id: int) -> ImportProgress:
    return _progress(desk.session.get_one(LeadImport, import_id))


@use_case(needs=Permission.READ, reads=True)
def imports_of(desk: Desk, campaign_id: int) -> tuple[ImportProgress, ...]:
    """A campaign's imports, the newest first."""
    newest_first = select(LeadImport).where(LeadImport.campaign_id == campaign_id).order_by(LeadImport.id.desc())
    return tuple(_progress(each) for each in desk.session.scalars(newest_first.limit(50)))


def imports_waiting(session: Session) -> list[int]:
    """The imports that are not done, the oldest first."""
    return list(
        session.scalars(select(LeadImport.id).where(LeadImport.state.in_(_UNFINISHED)).order_by(LeadImport.id)).all()
    )


def continue_import(database: Database, import_id: int, now: datetime) -> None:
    """Bring an import to its end, a transaction a chunk; for the worker."""

    def piece(session: Session) -> bool:
        row = session.get(LeadImport, import_id)
        return row is not None and not _advance(Desk(session, WORKER, row.workspace_id, now), import_id).is_done

    paced(lambda: database.do(piece), lambda goes_on: goes_on)


def _advance(desk: Desk, import_id: int) -> ImportProgress:
    row = desk.session.get(LeadImport, import_id, with_for_update=True)
    if row is None:
        raise Denied
    if row.state in _UNFINISHED:
        _bring_in_chunk(desk, row)
    return _progress(row)


def _bring_in_chunk(desk: Desk, row: LeadImport) -> None:
    file = desk.session.get_one(LeadImportFile, row.id)
    sheet = read(file.content, file.encoding, file.delimiter)
    chunk = sheet.rows[row.rows_done : row.rows_done + CHUNK]
    newcomers, problems = _sorted_out(desk.session, row, people(chunk, places(sheet, row.mapping)))
    _insert(desk, row, newcomers)
    row.state = ImportState.RUNNING
    row.rows_done += len(chunk)
    row.leads_added += len(newcomers)
    row.problem_count += len(problems)
    row.problems = (row.problems or []) + [each.as_dict() for each in problems][: MOST_PROBLEMS - len(row.problems or [])]
    if row.rows_done >= len(sheet.rows):
        _finish(desk, row)


def _finish(desk: Desk, row: LeadImport) -> None:
    row.state = ImportState.DONE
    row.finished_at = desk.now
    desk.session.execute(delete(LeadImportFile).where(LeadImportFile.import_id == row.id))
    desk.audit(
        "leads.imported",
        f"campaign:{row.campaign_id}",
        new={"file": row.file_name, "leads": row.leads_added, "problems": row.problem_count},
        identity_id=desk.session.get_one(Campaign, row.campaign_id).identity_id,
    )


def _sorted_out(
    session: Session, row: LeadImport, found: Iterable[Person | RowProblem]
) -> tuple[list[Person], list[RowProblem]]:
    """Who is new to the campaign, and the problem of every other row."""
    outcomes = list(found)
    wanted = [each for each in outcomes if isinstance(each, Person)]
    known = known_people.places_of(session, row.campaign_id, wanted, row.id)
    newcomers: list[Person] = []
    problems: list[RowProblem] = []
    for each in outcomes:
        if isinstance(each, RowProblem):
            problems.append(each)
            continue
        where = next((known[key] for key in keys(each) if key in known), None)
        if where is not None:
            problems.append(RowProblem(each.row, f"{called(each)} is already in {where}."))
            continue
        newcomers.append(each)
        known.update((key, f"row {each.row} of this file") for key in keys(each))
    return newcomers, problems


def _insert(desk: Desk, row: LeadImport, newcomers: Sequence[Person]) -> None:
    if not newcomers:
        return
    belongs = (row.workspace_id, row.campaign_id)
    rows = [{**known_people.as_lead(*belongs, each, desk.now), "import_id": row.id} for each in newcomers]
    desk.session.execute(insert(Lead), rows)


def _progress(row: LeadImport) -> ImportProgress:
    return ImportProgress(
        row.id,
        row.campaign_id,
        row.file_name,
        row.state,
        row.rows_total,
        row.rows_done,
        row.leads_added,
        row.problem_count,
        tuple(RowProblem(each["row"], each["problem"]) for each in row.problems or ()),
        row.created_at,
        row.finished_at,
    )
