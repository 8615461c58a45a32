"""The planner's tick with a million planned actions on 10,000 identities: the agenda's index beside a scan of what is due.

A tick is what the worker's pump asks twice a second: which lanes are to be looked at now. The instants are half an hour
apart, so that each tick finds as many due lanes as one may take. What a lane costs when it is then looked at is shown too.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from benchmarks.rows import Row
from engine import agenda
from engine.situations import situations
from storage.columns import to_micros
from storage.database import Database
from storage.kinds import ActionKind, CampaignState, Channel, MailboxState, Provider, QuotaClock
from storage.readings import heads
from storage.tables import Campaign, Identity, Lane, LimitSetting, Mailbox, Step
from tests import makers
from tests.fresh import new_database
from tests.makers import LONG_AGO, MONDAY

IDENTITIES, ACTIONS = 10_000, int(os.environ.get("OUTPOST_BENCH_ACTIONS", "1000000"))
_MOST_LANES = 200  # that the pump takes at once
_DAY = timedelta(days=1)
_BEFORE = MONDAY - _DAY  # nothing is due yet
_NAIVE = text(
    "SELECT id, lane_id, due_at FROM action WHERE state = 'planned' AND due_at <= :now ORDER BY due_at, id LIMIT 200"
)
_LOOKED_AT = 50

_NUMBERS = f"WITH RECURSIVE n(i) AS (SELECT CAST(0 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < {ACTIONS} - 1)"
_LEADS = f"""
INSERT INTO lead (id, workspace_id, campaign_id, mailbox_id, email, first_name, last_name, company, job_title,
    linkedin_url, fields, state, state_since, position, created_at)
{_NUMBERS}
SELECT i + 1, 1, i % {IDENTITIES} + 1, i % {IDENTITIES} + 1, 'lead' || i || '@bravo.test', '', '', '', '',
    '', '{{}}', 'active',
    :first, 0, :first
FROM n"""
_PLAN = f"""
INSERT INTO action (workspace_id, identity_id, lane_id, campaign_id, lead_id, step_id, kind, state, due_at, attempt,
    looked_up, note, created_at)
{_NUMBERS}
SELECT 1, i % {IDENTITIES} + 1, i % {IDENTITIES} + 1, i % {IDENTITIES} + 1, i + 1, i % {IDENTITIES} + 1, 'email', 'planned',
    :first + (i % {IDENTITIES}) * 8640000 + (i / {IDENTITIES}) * 86400000000, 0, 0, '', :first
FROM n"""


def run() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="outpost-tick-") as place:
        database = new_database(Path(place) / "bench.db")
        try:
            _fill(database)
            _look_over(database)
            with database.write() as session:
                return _measure(session)
        finally:
            database.close()


def _measure(session: Session) -> list[Row]:
    ticks = [MONDAY + timedelta(minutes=30 * turn) for turn in range(48)]
    ours, due = [], []
    for now in ticks:
        took, lanes = _timed(lambda at: agenda.due_lanes(session, at, _MOST_LANES), now)
        ours.append(took)
        due.append(len(lanes))
        agenda_moves_on = text("UPDATE lane SET wake_at = wake_at + 86400000000 WHERE wake_at <= :now")
        session.connection().execute(agenda_moves_on, {"now": to_micros(now)})
    naive = [_timed(lambda at: _naive(session, at), now)[0] for now in ticks[::4]]
    nothing = [_timed(lambda at: agenda.due_lanes(session, at, _MOST_LANES), _BEFORE)[0] for _ in range(50)]
    nothing_naive = [_timed(lambda at: _naive(session, at), _BEFORE)[0] for _ in range(5)]
    looked = [_timed(partial(_look, session, number), MONDAY)[0] for number in range(1, _LOOKED_AT)]
    name = f"tick, {ACTIONS / 1_000_000:g} M planned"
    busiest = f"up to {max(due)} lanes due, p95"
    return [
        Row(name, busiest, _p95(ours), "ms", "limit", 50.0, at_most=1.0),
        Row(name, busiest, _p95(ours), "ms", "naive SQL", _p95(naive)),
        Row(name, "nothing due, p95", _p95(nothing), "ms", "limit", 5.0, at_most=1.0),
        Row(name, "nothing due, p95", _p95(nothing), "ms", "naive SQL", max(nothing_naive)),
        Row(name, "one due lane looked at, p50", statistics.median(looked), "ms", "naive SQL", statistics.median(naive)),
    ]


def _naive(session: Session, now: datetime) -> Sequence[Any]:
    return session.connection().execute(_NAIVE, {"now": to_micros(now)}).all()


def _look(session: Session, lane_id: int, now: datetime) -> Sequence[Any]:
    return list(situations(session, [head.id for head in heads(session, lane_id)], now))


def _timed(ask: Callable[[datetime], Sequence[Any]], now: datetime) -> tuple[float, Sequence[Any]]:
    begin = time.perf_counter()
    answer = ask(now)
    return (time.perf_counter() - begin) * 1000, answer


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _fill(database: Database) -> None:
    """Each identity with an address, a limit and a running campaign; a hundred actions each, a day apart."""
    numbers = range(1, IDENTITIES + 1)
    with database.write() as session:
        makers.installation(session)
        makers.workspace(session, id=1)
        session.execute(insert(Identity), [_identity(number) for number in numbers])
        session.execute(insert(Mailbox), [_mailbox(number) for number in numbers])
        session.execute(insert(Lane), [_lane(number) for number in numbers])
        session.execute(insert(LimitSetting), [_limit(number) for number in numbers])
        session.execute(insert(Campaign), [_campaign(number) for number in numbers])
        session.execute(
            insert(Step), [{"id": each, "campaign_id": each, "position": 1, "kind": "email"} for each in numbers]
        )
        for statement in (_LEADS, _PLAN):
            session.execute(text(statement), {"first": to_micros(MONDAY)})


def _look_over(database: Database) -> None:
    """PostgreSQL plans by what it has counted, which it does by itself within a minute."""
    if database.engine.dialect.name == "postgresql":
        with database.write() as session:
            session.execute(text("ANALYZE"))


def _identity(number: int) -> dict[str, Any]:
    hours = {"zone": "Europe/Madrid", "work_days": [1, 2, 3, 4, 5], "work_start": 540, "work_end": 1080}
    names = {"first_name": "Ada", "last_name": f"Lovelace {number}", "sort_name": f"ada {number}"}
    return {"id": number, "workspace_id": 1, "created_at": LONG_AGO, **hours, **names}


def _mailbox(number: int) -> dict[str, Any]:
    state = {"provider": Provider.IMAP, "state": MailboxState.OK, "state_since": LONG_AGO, "created_at": LONG_AGO}
    return {"id": number, "workspace_id": 1, "identity_id": number, "address": f"ada{number}@alpha.test", **state}


def _lane(number: int) -> dict[str, Any]:
    wakes = MONDAY + (number - 1) * timedelta(milliseconds=8640)
    place = {"workspace_id": 1, "identity_id": number, "mailbox_id": number, "channel": Channel.EMAIL}
    return {"id": number, "wake_at": wakes, "epoch": 0, **place}


def _limit(number: int) -> dict[str, Any]:
    what = {"kind": ActionKind.EMAIL, "clock": QuotaClock.LOCAL_DAY, "value": 50, "since": LONG_AGO}
    return {"lane_id": number, **what}


def _campaign(number: int) -> dict[str, Any]:
    state = {"state": CampaignState.RUNNING, "created_at": LONG_AGO}
    return {"id": number, "workspace_id": 1, "identity_id": number, "name": f"Campaign {number}", **state}
