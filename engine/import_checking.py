"""What an import of a sheet would bring, row by row, before anything is written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.csv_reading import Row, Sheet
from engine.desk import Problem
from engine.lead_rows import FIELD_LABELS, Person, RowProblem, person

MOST_PROBLEMS = 1_000
_NOBODY: Mapping[str, datetime] = {}


@dataclass(frozen=True, slots=True)
class Cooling:
    """A row whose person nobody of the workspace may invite yet."""

    row: int
    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Check:
    """What an import of this sheet would bring, before anything is written."""

    good: tuple[Person, ...]  # the first ones
    good_count: int
    problems: tuple[RowProblem, ...]  # the first ones
    problem_count: int
    cooling: tuple[Cooling, ...] = ()


def check(
    sheet: Sheet, mapping: Mapping[str, str], most: int = MOST_PROBLEMS, free_again: Mapping[str, datetime] = _NOBODY
) -> Check:
    """Check every row of a sheet by itself and against the rows above it; Problem when the mapping can't be used.

    `free_again` says of a profile in cool-down when it may be invited: such rows are good, and named.
    """
    good: list[Person] = []
    problems: list[RowProblem] = []
    firsts: dict[str, int] = {}
    cooling: list[Cooling] = []
    for found in people(sheet.rows, places(sheet, mapping)):
        outcome = found if isinstance(found, RowProblem) else _repeated(found, firsts) or found
        if isinstance(outcome, RowProblem):
            problems.append(outcome)
        else:
            good.append(outcome)
            firsts.update((key, outcome.row) for key in keys(outcome))
            if until := free_again.get(outcome.linkedin_url):
                cooling.append(
                    Cooling(outcome.row, f"{outcome.first_name} {outcome.last_name}".strip() or called(outcome), until)
                )
    return Check(tuple(good[:most]), len(good), tuple(problems[:most]), len(problems), tuple(cooling))


def _repeated(found: Person, firsts: Mapping[str, int]) -> RowProblem | None:
    first = next((firsts[key] for key in keys(found) if key in firsts), None)
    return None if first is None else RowProblem(found.row, f"{called(found)} is already in row {first} of this file.")


def people(rows: Iterable[Row], index_of: Mapping[str, int]) -> Iterator[Person | RowProblem]:
    return (person(row, index_of) for row in rows)


def places(sheet: Sheet, mapping: Mapping[str, str]) -> dict[str, int]:
    """field → the column's index; a Problem for a mapping that can't be used."""
    if not {"email", "linkedin_url"} & mapping.keys():
        raise Problem("Say which column holds the e-mail address or the LinkedIn URL.")
    missing = [heading for heading in mapping.values() if heading not in sheet.headings]
    if missing:
        raise Problem(f"The file has no column “{missing[0]}”. Choose one of its columns.")
    odd = [name for name in mapping if name not in FIELD_LABELS and not name.replace("-", "_").isidentifier()]
    if odd:
        raise Problem(f"“{odd[0]}” can't name a field; use letters, digits and underscores.")
    return {name: sheet.headings.index(heading) for name, heading in mapping.items()}


def keys(of: Person) -> tuple[str, ...]:
    return tuple(key for key in (of.email, of.linkedin_url) if key)


def called(of: Person) -> str:
    return of.email or of.linkedin_url
