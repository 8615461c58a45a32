"""The doorbell: Huey with thin tasks that carry ids only, and all recurring work on this one page.

A task says "look there"; everything that must survive is a row of the ledger. A ring that is lost or doubled changes
nothing: the pump asks the agenda again half a second later. The rings wait in a file of the worker's own, or on a Redis
that all workers share: then whoever has a free thread takes one, and a piece of recurring work comes once from each.
"""

import functools
import itertools
import json
import sqlite3
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from huey import RedisHuey, SqliteHuey, crontab
from huey.exceptions import ConfigurationError
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import SqliteStorage
from sqlalchemy import select

from engine import agenda, clock, recovery
from engine.counter import Counter
from engine.crew import Crew
from engine.dead_workers import DeadWorkers
from engine.desk import Problem
from engine.hands import Hands
from engine.installation import Outpost
from engine.linkedin_browsing import SignIns
from engine.linkedin_hand import LINKEDIN_KINDS
from engine.queue_silence import SILENT, QueueSilent, is_silence
from engine.recurring import Recurring
from engine.relief import Relief
from engine.rounds import Visit
from engine.rules.permit import CLOCK_TOLERANCE
from engine.troubles import Troubles
from engine.turns import Turns
from engine.wards import Answer, Ward, Wards
from storage.kinds import ActionKind
from storage.tables import Installation

WORKERS = 48  # threads; what their lanes have to write at the same moment is written as one set
PAUSE = 0.5  # seconds between two looks at the agenda
_MOST_LANES = 200
_ENOUGH = 2 * WORKERS  # lanes that are rung or at work: nobody looks for more
MOST_IN_A_ROW = 50  # actions of one lane before other lanes get their turn
SECONDS_TO_FINISH = 10
# Seconds until a ring counts as lost: on a shared queue another worker may have taken it, and died with it.
_LOST_AFTER, _LOST_FROM_A_FILE_AFTER = 10.0, 60.0
_MAIL_KINDS = frozenset(ActionKind).difference(LINKEDIN_KINDS)


class _Storage(SqliteStorage):  # type: ignore[misc]
    """Huey's own file can be rebuilt from the ledger, so it need not wait for the disk."""

    def _create_connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = super()._create_connection()
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection


class _Plain(Serializer):  # type: ignore[misc]
    """JSON: what lies on a server that others may write to is never unpickled."""

    def _serialize(self, data: Message) -> bytes:
        return json.dumps(data._asdict()).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(**json.loads(data))


@dataclass
class Doorbell:
    """The worker's threads around one opened installation; `hands` is asked anew for every ring."""

    outpost: Outpost
    holder: str
    alone: bool
    hands: Callable[[], Hands]
    troubles: Troubles = field(default_factory=Troubles)
    sign_ins: SignIns | None = None  # at LinkedIn; None where there is no browser
    latest: datetime | None = None  # the newest instant that this worker, or the one before it, has seen
    stopping: threading.Event = field(default_factory=threading.Event)
    _looking_up: Turns = field(default_factory=Turns)
    _looking_up_pages: Turns = field(default_factory=Turns)

    def __post_init__(self) -> None:
        self.is_shared = bool(self.outpost.config.queue_url)
        self.wards = Wards(clock.monotonic, _LOST_AFTER if self.is_shared else _LOST_FROM_A_FILE_AFTER)
        self.dead_workers = DeadWorkers(self.outpost.database, self.holder, clock.monotonic)
        self.counter = Counter(self.outpost.database, self.outpost.config.mark_file, clock.now)
        self.crew = Crew(self.counter)
        self.huey = _on_redis(self.outpost) if self.is_shared else _in_a_file(self.outpost)
        self.relief = Relief(self.huey, self.wards)
        self.attend_lane = self.huey.task(name="attend_lane")(self._attend_lane)
        self.recurring = Recurring(
            self.outpost, self.wards, self.counter, self.troubles, self.sign_ins, lambda: self.stopping.is_set()
        )
        self.huey.periodic_task(crontab(minute="*"), name="every_minute")(self.recurring.every_minute)
        self.huey.periodic_task(crontab(minute="*"), name="read_mail")(self.recurring.read_mail)
        self.huey.periodic_task(crontab(minute="*"), name="visit")(self.recurring.visit)
        self.huey.periodic_task(crontab(minute="*"), name="tell")(self.recurring.tell)
        self.huey.periodic_task(crontab(minute="*"), name="linkedin")(self.recurring.linkedin)
        self.huey.periodic_task(crontab(minute="*/10"), name="every_ten_minutes")(self.recurring.every_ten_minutes)

    def consumer(self) -> Any:
        """The Huey consumer; its `run` blocks until SIGTERM or SIGINT and lets what is in flight end."""
        consumer = self.huey.create_consumer(
            workers=WORKERS,
            worker_type="thread",
            # Of a file they are the pauses between two looks; a Redis calls, and they are those between two that failed.
            initial_delay=1.0 if self.is_shared else 0.05,
            max_delay=10.0 if self.is_shared else 0.5,
            periodic=True,
            graceful_signal="TERM",
            shutdown_timeout=SECONDS_TO_FINISH,
        )
        self.stopping = consumer.stop_flag  # set by the signal itself: a lane begins nothing more from then on
        return consumer

    def pump(self) -> None:
        """Ring for every lane whose time has come, until told to stop."""
        turn = 0
        while not self.stopping.wait(PAUSE):
            self.troubles.guard("agenda", self._ring)
            self.troubles.guard("relief", lambda: self.relief.call(self.stopping))
            self.troubles.guard("LinkedIn sign-ins", self._sign_in)
            if turn % 10 == 0:
                self.troubles.guard("recovery", self._settle)
            turn += 1

    def _sign_in(self) -> None:
        if self.sign_ins is not None:
            self.sign_ins.attend()

    def _ring(self) -> None:
        self._watch_clock(clock.now())
        most, answered = _MOST_LANES, dict[int, Answer]()
        with self.outpost.database.read() as session:
            # Those that find no place in their ward must not hide the ones behind them.
            while len(due := agenda.due_lanes(session, clock.now(), most)) > len(answered):
                new = [lane_id for lane_id in due if lane_id not in answered]
                known = agenda.known_wards(session, new)
                answered.update((lane_id, self.wards.ask(lane_id, known.get(lane_id))) for lane_id in new)
                if sum(answer is not Answer.FULL for answer in answered.values()) >= _ENOUGH:
                    break
                most *= 4
        self._ring_for([lane_id for lane_id, answer in answered.items() if answer is Answer.RING])

    def _watch_clock(self, now: datetime) -> None:
        if self.latest is not None and now < self.latest - CLOCK_TOLERANCE:
            with self.outpost.database.write() as session:
                agenda.clock_went_back(session, now)
        self.latest = now

    def _ring_for(self, lane_ids: list[int]) -> None:
        waiting = list(lane_ids)
        try:
            while waiting:
                self.attend_lane(waiting[0])
                waiting.pop(0)
        except Exception as error:
            if self.is_shared and is_silence(error):
                raise QueueSilent(SILENT) from error
            raise
        finally:
            for lane_id in waiting:  # a queue that takes no more has heard of none of these
                self.wards.take_back(lane_id)

    def _attend_lane(self, lane_id: int) -> None:
        """Also called for rings of other workers, and for those that one before this one left in the queue."""
        self.troubles.guard("dispatch", lambda: self._work_on(lane_id))

    def _work_on(self, lane_id: int) -> None:
        if not self.wards.begin(lane_id, self._known_ward(lane_id)):
            return  # what is not begun here stays due
        left = itertools.count(MOST_IN_A_ROW, -1)

        def may_go_on() -> bool:
            self.wards.step(lane_id)
            return next(left) > 0 and not self.stopping.is_set()

        try:
            hands = self.hands()
        except Exception:
            self.wards.end(lane_id, 0)
            raise
        at_end = functools.partial(self.wards.end, lane_id)
        self.crew.carry_on(Visit(lane_id, clock.now, self.holder, hands, may_go_on, at_end))

    def _known_ward(self, lane_id: int) -> Ward | None:
        """Asked for another worker's ring: it looked at its own places only."""
        if self.wards.has_rung(lane_id):
            return None
        with self.outpost.database.read() as session:
            return agenda.known_wards(session, [lane_id]).get(lane_id)

    def _settle(self) -> None:
        """What dead workers or an exception of this one left held, and unknown outcomes whose time has come."""
        database = self.outpost.database
        if not self.alone:
            recovery.recover(database, self.holder, clock.now(), alone=False, dead=self.dead_workers.look())
        recovery.recover_own(database, self.holder, self.wards.at_work, clock.now())
        self._looking_up.take_beside("look-ups", lambda: self._look_up("look-ups", _MAIL_KINDS))
        self._looking_up_pages.take_beside("linkedin-look-ups", lambda: self._look_up("LinkedIn look-ups", LINKEDIN_KINDS))

    def _look_up(self, part: str, kinds: Collection[ActionKind]) -> None:
        """A server or a page may take minutes, so by itself: what is due elsewhere is not to wait for it."""
        database = self.outpost.database
        self.troubles.guard(part, lambda: recovery.reconcile_due(database, clock.now, self.hands(), kinds=kinds))


def _in_a_file(outpost: Outpost) -> SqliteHuey:
    return SqliteHuey("outpost", filename=str(outpost.config.queue_file), results=False, timeout=30, storage_class=_Storage)


def _on_redis(outpost: Outpost) -> RedisHuey:
    """Named after the installation: several may share a server, and none takes another's rings."""
    with outpost.database.read() as session:
        mark = session.scalars(select(Installation.mark)).one()
    try:
        huey = RedisHuey(f"outpost{mark}", url=outpost.config.queue_url, results=False, serializer=_Plain())
        huey.storage.conn.ping()
    except ConfigurationError:
        raise Problem("OUTPOST_QUEUE names a Redis, whose client is not installed: pip install '.[redis]'.") from None
    except Exception as error:  # its words may hold the password
        if is_silence(error):
            raise QueueSilent(f"{SILENT} ({type(error).__name__})") from None
        raise Problem(
            f"OUTPOST_QUEUE can't be used ({type(error).__name__}); check its words after the ?, or leave them out."
        ) from None
    return huey
