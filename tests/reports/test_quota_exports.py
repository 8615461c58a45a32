"""A quota file is made in a process of its own: the same file, for the same people, with the same line in the audit log."""

import csv
import io
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import quota_exports, quota_files
from engine.desk import Actor, Denied
from engine.quota_filters import Grain, Period, Wanted
from storage.kinds import ActionKind
from storage.tables import Audit
from tests import makers
from tests.makers import MONDAY
from tests.reports.conftest import Field

WANTED = Wanted(Period.LAST_MONTH, Grain.WEEK, ActionKind.EMAIL)


def owner(field: Field) -> Actor:
    with field.database.write() as session:
        user = makers.user(session, is_owner=True)
        return Actor(user.id, user.email, is_owner=True)


def made(field: Field, actor: Actor, identity_id: int | None = None) -> bytes:
    return quota_exports.made(
        field.database, actor, field.workspace_id, MONDAY, "csv", field.folder, WANTED, identity_id=identity_id
    )


def test_the_file_is_the_use_cases_own_and_audited_once(field: Field) -> None:
    file = made(field, owner(field), field.lanes[0].identity_id)
    with field.database.write() as session:
        told = session.scalars(select(Audit.new).where(Audit.what == "quotas.exported")).all()
        desk = makers.desk(session, field.workspace_id)
        assert file == quota_files.csv(desk, field.folder, WANTED, field.lanes[0].identity_id)
    rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))
    assert len(rows) > 1
    assert [(each["rows"], each["form"]) for each in told if each] == [(len(rows) - 1, "csv")]


def test_who_may_not_read_gets_no_file_and_the_attempt_is_audited(field: Field) -> None:
    with field.database.write() as session:
        stranger = makers.user(session)
    with pytest.raises(Denied):
        made(field, Actor(stranger.id, stranger.email))
    with pytest.raises(Denied):
        made(field, owner(field), field.others[0].identity_id)
    with field.database.read() as session:
        told = session.scalars(select(Audit.subject).where(Audit.what == "access.denied")).all()
    assert told == ["quota_files.csv", "quota_files.csv"]


def test_a_process_that_breaks_gives_no_file(field: Field, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho half a file\nexit 1\n")
    broken.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(RuntimeError, match="ended with 1"):
        made(field, Actor(1, "olga@agency.test", is_owner=True))
