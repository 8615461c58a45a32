"""Imports: nobody twice, every problem with its row, and on after any end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine import imports, long_jobs, pieces
from engine.desk import Denied, Problem, perform
from engine.imports import ImportProgress, continue_import, import_more, import_progress, imports_waiting, start_import
from engine.lead_rows import propose
from storage.database import Database
from storage.kinds import CampaignState, ImportState, LeadState, Role
from storage.tables import Audit, Lead, LeadImportFile
from tests import makers
from tests.makers import MONDAY, OWNER

MAPPING = {"email": "email", "first_name": "first name"}


@pytest.fixture
def place(database: Database) -> tuple[int, int]:
    """A workspace and a draft of it."""
    with database.write() as session:
        makers.installation(session)
        makers.user(session)
        client = makers.workspace(session)
        draft = makers.campaign(session, makers.identity(session, client.id), state=CampaignState.DRAFT)
        return client.id, draft.id


def take_in(database: Database, place: tuple[int, int], content: bytes, name: str = "leads.csv") -> int:
    return perform(
        database,
        OWNER,
        place[0],
        MONDAY,
        start_import,
        campaign_id=place[1],
        file_name=name,
        content=content,
        mapping=MAPPING,
    )


def bring_in(database: Database, place: tuple[int, int], content: bytes, name: str = "leads.csv") -> ImportProgress:
    import_id = take_in(database, place, content, name)
    continue_import(database, import_id, MONDAY)
    return perform(database, OWNER, place[0], MONDAY, import_progress, import_id=import_id)


def csv_of(numbers: range) -> bytes:
    return b"email,first name\n" + b"".join(b"l%d@bravo.test,Ada\n" % number for number in numbers)


def test_good_rows_come_in_and_each_bad_one_is_named_by_its_row(database: Database, place: tuple[int, int]) -> None:
    done = bring_in(database, place, "email,first name\na@b.test,Zoë\n\nbad,X\n,\na@b.test,Again\nc@d.test,\n".encode())
    assert (done.state, done.leads_added, done.rows_total, done.rows_done) == (ImportState.DONE, 2, 4, 4)
    assert [(each.row, each.problem[:40]) for each in done.problems] == [
        (4, "“bad” is not an e-mail address: an e-mai"),
        (6, "a@b.test is already in row 2 of this fil"),
    ]
    with database.read() as session:
        rows = session.execute(select(Lead.row_number, Lead.email, Lead.first_name, Lead.state).order_by(Lead.id)).all()
        assert [tuple(row) for row in rows] == [
            (2, "a@b.test", "Zoë", LeadState.NEW),
            (7, "c@d.test", "", LeadState.NEW),
        ]
        assert session.scalar(select(func.count()).select_from(LeadImportFile)) == 0
        assert {"leads.import_started", "leads.imported"} <= set(session.scalars(select(Audit.what)))


def test_the_same_file_is_not_imported_twice(database: Database, place: tuple[int, int]) -> None:
    bring_in(database, place, csv_of(range(3)))
    with pytest.raises(Problem, match="already imported"):
        take_in(database, place, csv_of(range(3)), "renamed.csv")


def test_a_file_that_brought_nothing_may_be_tried_again(database: Database, place: tuple[int, int]) -> None:
    content = b"email,first name\nbad,Ada\n"
    assert bring_in(database, place, content).leads_added == 0
    assert bring_in(database, place, content).problem_count == 1


def test_people_of_an_earlier_file_are_named_with_its_row(database: Database, place: tuple[int, int]) -> None:
    bring_in(database, place, csv_of(range(3)), "first.csv")
    done = bring_in(database, place, csv_of(range(2, 4)), "second.csv")
    assert done.leads_added == 1
    assert done.problems[0].problem == "l2@bravo.test is already in this campaign (row 4 of “first.csv”)."


def test_duplicates_across_chunks_are_found(
    database: Database, place: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNK", 2)
    done = bring_in(database, place, csv_of(range(5)) + b"l0@bravo.test,Again\n")
    assert done.leads_added == 5
    assert done.problems[0].problem == "l0@bravo.test is already in row 2 of this file."


def test_page_and_worker_may_take_turns(database: Database, place: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "CHUNK", 3)
    import_id = take_in(database, place, csv_of(range(10)))
    half = perform(database, OWNER, place[0], MONDAY, import_more, import_id=import_id)
    assert (half.rows_done, half.is_done) == (3, False)
    with database.read() as session:
        assert imports_waiting(session) == [import_id]
        assert long_jobs.are_waiting(session)
    long_jobs.carry_on(database, MONDAY)
    again = perform(database, OWNER, place[0], MONDAY, import_more, import_id=import_id)
    assert (again.rows_done, again.leads_added, again.is_done) == (10, 10, True)


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        ({"first_name": "first name"}, "which column holds"),
        ({"email": "gone"}, "no column “gone”"),
        ({"email": "email", "{{ x }}": "first name"}, "can't name a field"),
    ],
)
def test_a_mapping_that_can_not_work_is_refused(
    database: Database, place: tuple[int, int], mapping: dict[str, str], says: str
) -> None:
    values = {"campaign_id": place[1], "file_name": "x.csv", "content": csv_of(range(2)), "mapping": mapping}
    with pytest.raises(Problem, match=says):
        perform(database, OWNER, place[0], MONDAY, start_import, **values)


def test_ops_and_other_clients_may_not_import(database: Database, place: tuple[int, int]) -> None:
    with database.write() as session:
        ops = makers.member(session, place[0], Role.OPS)
        other = makers.workspace(session)
        stranger = makers.member(session, other.id, Role.ADMIN)
    values = {"campaign_id": place[1], "file_name": "x.csv", "content": csv_of(range(2)), "mapping": MAPPING}
    for actor, workspace_id in ((ops, place[0]), (stranger, other.id), (stranger, place[0])):
        with pytest.raises(Denied):
            perform(database, actor, workspace_id, MONDAY, start_import, **values)


_WORK = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from engine import imports
from storage.database import open_database
imports.CHUNK = 40
imports.continue_import(open_database(Path(sys.argv[1])), int(sys.argv[2]), datetime(2026, 11, 23, 10, tzinfo=UTC))
"""


def test_an_import_that_is_killed_again_and_again_brings_everyone_in_once(
    database: Database, place: tuple[int, int], tmp_path: Path
) -> None:
    import_id = take_in(database, place, csv_of(range(4_000)))
    kills = 0
    seen = 0
    for _ in range(60):
        worker = subprocess.Popen([sys.executable, "-c", _WORK, str(tmp_path / "outpost.db"), str(import_id)])
        deadline = time.monotonic() + 30
        while worker.poll() is None and rows_done(database, place, import_id) < seen + 400 and time.monotonic() < deadline:
            time.sleep(0.01)
        if worker.poll() is None:
            os.kill(worker.pid, signal.SIGKILL)
            kills += 1
        worker.wait()
        seen = rows_done(database, place, import_id)
        if seen == 4_000:
            break
    assert kills >= 3
    done = perform(database, OWNER, place[0], MONDAY, import_progress, import_id=import_id)
    assert (done.state, done.leads_added, done.problem_count) == (ImportState.DONE, 4_000, 0)
    with database.read() as session:
        assert session.scalar(select(func.count(Lead.email.distinct()))) == 4_000
        assert session.scalar(select(func.count(Lead.id))) == 4_000


def rows_done(database: Database, place: tuple[int, int], import_id: int) -> int:
    return perform(database, OWNER, place[0], MONDAY, import_progress, import_id=import_id).rows_done


@pytest.mark.slow
def test_fifty_thousand_rows_are_imported_whole(
    database: Database, place: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "LONGEST_REST", 0)  # nobody else writes here
    began = time.perf_counter()
    assert bring_in(database, place, csv_of(range(50_000))).leads_added == 50_000
    print(f"50,000 rows imported in {time.perf_counter() - began:.1f} s")  # noqa: T201 - a figure to look at


def test_known_headings_are_proposed_once() -> None:
    assert propose(("Email", "E-mail", "Mail")) == {"email": "Email", "e_mail": "E-mail", "mail": "Mail"}
