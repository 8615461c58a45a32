"""What the log must not say, and what health says of each part."""

import asyncio
import json
import logging
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request

from engine import clock, health, logs, sessions, workers
from engine.queue_silence import EXIT_STATUS, SILENT, set_up_log
from engine.sessions import Browser
from engine.supervision import Worker
from pages.plain import health as plain_health
from storage.kinds import ActionKind, ActionState
from storage.tables import Action, Event, Heartbeat, Lane
from tests import makers
from tests.makers import MONDAY
from tests.panel import Panel


@pytest.mark.parametrize(
    "text",
    [
        "login failed: password=hunter2hunter2",
        "{'password': 'hunter2hunter2'}",
        'headers: {"Authorization": "Bearer hunter2hunter2"}',
        "Authorization: Basic hunter2hunter2",
        "smtp://ada:hunter2hunter2@mail.test:587",
        "redis://:hunter2hunter2@cache.test:6379/0",
        "GET /invitation/hunter2hunter2-hunter2hunter2",
        "GET /unsubscribe/2f.hunter2hunter2hunter2hu",
        "api_key: hunter2hunter2, then more",
        "XOAUTH2 hunter2hunter2",
    ],
)
def test_what_looks_like_a_secret_is_removed_from_a_text(text: str) -> None:
    assert "hunter2" not in logs.scrubbed(text)


@pytest.mark.parametrize("text", ["day_limit reached", "tokens are none here", "19:30 Madrid", "mailbox:12 → 50"])
def test_a_plain_text_stays_as_it_is(text: str) -> None:
    assert logs.scrubbed(text) == text


def test_a_line_is_json_and_holds_no_secret_in_any_depth(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info")
    log = logs.logger("test")
    log.debug("not.shown")
    try:
        raise ValueError("token=hunter2hunter2")
    except ValueError as error:
        log.error(
            "it.broke", account={"smtp_password": "hunter2hunter2", "host": "mail.test"}, cookies=["x"], exc_info=error
        )
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert told["event"] == "it.broke"
    assert told["account"]["host"] == "mail.test"
    assert "hunter2" not in line


@pytest.mark.parametrize("error", [ConnectionError("redis://:hunter2hunter2@cache.test is\nsilent"), KeyError("hole")])
def test_what_huey_says_is_one_line_without_a_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    huey = logging.getLogger("huey")
    monkeypatch.setattr(huey, "handlers", [])
    monkeypatch.setattr(huey, "propagate", huey.propagate)
    logs.set_up("info")
    set_up_log()
    try:
        raise error
    except Exception:
        logging.getLogger("huey.consumer.Worker").exception("Error reading from %s", "queue")
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["part"], told["said"]) == ("queue", "Error reading from queue")
    assert ("exception" in told) is isinstance(error, KeyError)
    assert "hunter2" not in line


def look(panel: Panel, worker: Worker | None = None) -> dict[str, health.Part]:
    parts = health.look(panel.database, panel.outpost.config, worker or Worker(), MONDAY)
    return {part.name: part for part in parts}


def test_without_a_sign_of_life_the_worker_is_ill(panel: Panel) -> None:
    part = look(panel)["worker"]
    assert not part.is_well
    assert "has not answered yet" in part.sentence


def test_a_second_worker_is_named(panel: Panel) -> None:
    part = look(panel, Worker(is_another_running=True))["worker"]
    assert "Another worker is running" in part.sentence


def test_a_worker_that_was_restarted_is_well_and_says_so(panel: Panel) -> None:
    with panel.database.write() as session:
        session.add(Heartbeat(name="worker", boot="b", pid=1, host="h", started_at=MONDAY, at=MONDAY))
    part = look(panel, Worker(restarts=2, last_end=MONDAY))["worker"]
    assert part.is_well
    assert "restarted 2 times" in part.sentence


def test_a_clock_behind_the_ledger_is_ill(panel: Panel) -> None:
    assert look(panel)["clock"].is_well
    with panel.database.write() as session:
        _write_line(session, MONDAY + timedelta(hours=1))
    part = look(panel)["clock"]
    assert not part.is_well
    assert "Nothing runs until it has caught up" in part.sentence


def _write_line(session: Session, at: datetime) -> None:
    ada = makers.identity(session, makers.workspace(session).id)
    makers.mailbox(session, ada)
    lane = session.scalars(select(Lane)).one()
    common = {"workspace_id": ada.workspace_id, "identity_id": ada.id, "lane_id": lane.id, "kind": ActionKind.EMAIL}
    action = Action(**common, state=ActionState.PLANNED, due_at=at, created_at=at)
    session.add(action)
    session.flush()
    planned = {"after": ActionState.PLANNED, "local_day": at.date(), "actor": "worker", "attempt": 0}
    session.add(Event(**common, **planned, action_id=action.id, at=at))


def test_a_database_that_is_gone_makes_what_is_read_from_it_ill(panel: Panel) -> None:
    with panel.database.write() as session:
        session.connection().exec_driver_sql("DROP TABLE heartbeat")
    told = look(panel)
    assert {name: part.is_well for name, part in told.items()} == {
        "panel": True,
        "worker": False,
        "database": False,
        "clock": False,
        "disk": True,
    }


@pytest.mark.parametrize("lost", ["user_session", "heartbeat"])
def test_health_answers_whatever_of_the_database_is_lost(panel: Panel, lost: str) -> None:
    with panel.database.write() as session:
        token = sessions.begin(session, makers.user(session).id, Browser("192.0.2.7", "a browser"), clock.now())
    assert health.may_read(panel.database, token, clock.now()) is True
    with panel.database.write() as session:
        session.connection().exec_driver_sql(f"DROP TABLE {lost}")
    scope = {"type": "http", "method": "GET", "path": "/health", "query_string": b"", "headers": []}
    answer = asyncio.run(plain_health.answer(Request(scope)))
    assert answer.status_code == 503  # the worker of this test never gave a sign of life
    assert json.loads(bytes(answer.body))["database"] == ("degraded" if lost == "heartbeat" else "ok")
    assert health.may_read(panel.database, token, clock.now()) is (lost == "heartbeat")


def beat(name: str, *, seconds: int, note: str = "") -> Heartbeat:
    at = MONDAY - timedelta(seconds=seconds)
    return Heartbeat(name=name, boot=name, pid=12, host="mill", started_at=at, at=at, note=note)


def test_what_does_not_work_in_a_worker_makes_it_ill_with_its_sentence(panel: Panel) -> None:
    with panel.database.write() as session:
        session.add(beat("worker", seconds=2, note=SILENT))
    part = look(panel)["worker"]
    assert (part.is_well, SILENT in part.sentence) == (False, True)


def test_of_several_workers_each_has_a_row_and_a_dead_one_is_named_while_the_others_live(panel: Panel) -> None:
    one, other = (workers.name_of("mill", Path(folder), alone=False) for folder in ("one", "other"))
    with panel.database.write() as session:
        for name, seconds in ((one, 300), (other, 1)):
            workers.keep(session, beat(name, seconds=seconds))
    part = look(panel)["worker"]
    assert part.is_well  # the others do what is due
    assert "A worker (process 12 on mill) has not answered since 2026-11-23 09:55:00 UTC; the others go on" in part.sentence
    with panel.database.write() as session:
        workers.keep(session, beat(one, seconds=0))  # another was started in its place
        workers.leave(session, other, MONDAY)  # and this one ended in order
        workers.leave(session, one, MONDAY)  # the last one's row stays
    assert look(panel)["worker"].is_well
    with panel.database.read() as session:
        assert [row.name for row in session.scalars(select(Heartbeat))] == [one]
    with panel.database.write() as session:
        workers.keep(session, beat(other, seconds=-86_401))
        assert [row.name for row in session.scalars(select(Heartbeat))] == [other]


def test_the_only_worker_of_a_machine_that_was_replaced_is_not_missed(panel: Panel) -> None:
    old, new = (workers.name_of(host, Path("data"), alone=False) for host in ("pod-1", "pod-2"))
    with panel.database.write() as session:
        workers.keep(session, beat("worker", seconds=400))  # of an older version, which had one row for all
        workers.keep(session, beat(old, seconds=300))
        workers.leave(session, old, MONDAY - timedelta(seconds=300))
        workers.keep(session, beat(new, seconds=1))
    part = look(panel)["worker"]
    assert (part.is_well, part.sentence) == (True, "The worker answers.")


def test_a_worker_that_does_not_start_for_a_silent_redis_says_so(panel: Panel) -> None:
    ended = Worker(last_status=EXIT_STATUS, last_end=MONDAY)
    assert SILENT in look(panel, ended)["worker"].sentence
