"""The doorbell: Huey with thin tasks that carry ids only, and all recurring work on this one page.

A task says "look there"; everything that must survive is a row of the ledger. A ring that is lost or doubled changes
nothing: the pump asks the agenda again half a second later.
"""

import functools
import itertools
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from huey import SqliteHuey, crontab
from huey.storage import SqliteStorage
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import (
    agenda,
    alert_deliveries,
    bounce_rates,
    clock,
    cut_off_sign_ins,
    database_trouble,
    domain_checks,
    exports,
    generation,
    giving_back,
    grants,
    linkedin_looks,
    linkedin_withdrawals,
    logs,
    long_jobs,
    mailbox_probes,
    old_sign_ins,
    own_mails,
    provider_sign_in,
    reading_rounds,
    recovery,
    scrape_keeping,
    warm_up_keeping,
)
from engine.channels.effects import MailAccount
from engine.channels.linkedin.sitting import forget_pictures
from engine.connections import domain_records
from engine.counter import Counter
from engine.dead_workers import DeadWorkers
from engine.grants import tokens_of
from engine.hands import Hands
from engine.incoming_keeping import Keys
from engine.installation import Outpost
from engine.linkedin_browsing import SignIns
from engine.linkedin_hand import LINKEDIN_KINDS
from engine.mail_accounts import account_for
from engine.relief import Relief
from engine.rounds import carry_on
from engine.rules.permit import CLOCK_TOLERANCE
from engine.turns import Turns
from engine.wards import Answer, Wards
from engine.warm_up_key import key_for
from storage.kinds import ActionKind
from storage.tables import Mailbox

WORKERS = 24  # threads; what their lanes have to write at the same moment is written as one set
PAUSE = 0.5  # seconds between two looks at the agenda
_MOST_LANES = 200
_ENOUGH = 50  # lanes that are rung or at work: nobody looks for more
_MOST_IN_A_ROW = 25  # actions of one lane before other lanes get their turn
SECONDS_TO_FINISH = 10
_PICTURES_KEPT = timedelta(days=7)  # of pages that were not as known: personal data
_MAIL_KINDS = frozenset(ActionKind).difference(LINKEDIN_KINDS)
_log = logs.logger("worker")


class _Storage(SqliteStorage):  # type: ignore[misc]
    """Huey's own file can be rebuilt from the ledger, so it need not wait for the disk."""

    def _create_connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = super()._create_connection()
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection


@dataclass
class Doorbell:
    """The worker's threads around one opened installation; `hands` is asked anew for every ring."""

    outpost: Outpost
    holder: str
    alone: bool
    hands: Callable[[], Hands]
    troubles: dict[str, str] = field(default_factory=dict)  # by part: the sentence of its last failure, until it succeeds
    sign_ins: SignIns | None = None  # at LinkedIn; None where there is no browser
    latest: datetime | None = None  # the newest instant that this worker, or the one before it, has seen
    stopping: threading.Event = field(default_factory=threading.Event)
    wards: Wards = field(default_factory=lambda: Wards(clock.monotonic))
    _visiting: threading.Lock = field(default_factory=threading.Lock)
    _reading: Turns = field(default_factory=Turns)
    _reading_ill: Turns = field(default_factory=Turns)
    _telling: Turns = field(default_factory=Turns)
    _looking_up: Turns = field(default_factory=Turns)
    _looking_up_pages: Turns = field(default_factory=Turns)
    _signing_in: Turns = field(default_factory=Turns)  # slow: and a code that is presented twice is good for nothing

    def __post_init__(self) -> None:
        self.dead_workers = DeadWorkers(self.outpost.database, self.holder, clock.monotonic)
        self.counter = Counter(self.outpost.database, self.outpost.config.mark_file, clock.now)
        self.huey = SqliteHuey(
            "outpost", filename=str(self.outpost.config.queue_file), results=False, timeout=30, storage_class=_Storage
        )
        self.relief = Relief(self.huey, self.wards)
        self.attend_lane = self.huey.task(name="attend_lane")(self._attend_lane)
        self.huey.periodic_task(crontab(minute="*"), name="every_minute")(self._every_minute)
        self.huey.periodic_task(crontab(minute="*"), name="read_mail")(self._read_mail)
        self.huey.periodic_task(crontab(minute="*"), name="visit")(self._visit)
        self.huey.periodic_task(crontab(minute="*"), name="tell")(self._tell)
        self.huey.periodic_task(crontab(minute="*"), name="linkedin")(self._linkedin)
        self.huey.periodic_task(crontab(minute="*/10"), name="every_ten_minutes")(self._every_ten_minutes)

    def consumer(self) -> Any:
        """The Huey consumer; its `run` blocks until SIGTERM or SIGINT and lets what is in flight end."""
        consumer = self.huey.create_consumer(
            workers=WORKERS,
            worker_type="thread",
            initial_delay=0.05,
            max_delay=0.5,
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
            self._guarded("agenda", self._ring)
            self._guarded("relief", lambda: self.relief.call(self.stopping))
            self._guarded("LinkedIn sign-ins", self._sign_in)
            if turn % 10 == 0:
                self._guarded("recovery", self._settle)
            turn += 1

    def _linkedin(self) -> None:
        with self.wards.aside():
            self._guarded("LinkedIn", lambda: self._look_at_linkedin(clock.now()))

    def _look_at_linkedin(self, now: datetime) -> None:
        linkedin_withdrawals.plan_due(self.outpost.database, now)
        scrape_keeping.keep_due(self.outpost.database, now)
        if self.sign_ins is not None:
            linkedin_looks.look_due(self.outpost.database, self.outpost.vault, self.sign_ins.driver, clock.now)
            forget_pictures(self.outpost.config.pictures_folder, (now - _PICTURES_KEPT).timestamp())

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
        finally:
            for lane_id in waiting:  # a queue that takes no more has heard of none of these
                self.wards.take_back(lane_id)

    def _attend_lane(self, lane_id: int) -> None:
        """Also called for rings that a worker before this one left in the queue."""
        if not self.wards.begin(lane_id):
            return
        turns = itertools.count()
        try:
            self._guarded("dispatch", lambda: self._work_on(lane_id, turns))
        finally:
            self.wards.end(lane_id, max(0, next(turns) - 1))

    def _work_on(self, lane_id: int, turns: Iterator[int]) -> None:
        def may_go_on() -> bool:
            self.wards.step(lane_id)
            return next(turns) < _MOST_IN_A_ROW and not self.stopping.is_set()

        with self.counter.visitor():
            carry_on(self.counter, lane_id, clock.now, self.holder, self.hands(), may_go_on)

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
        self._guarded(part, lambda: recovery.reconcile_due(database, clock.now, self.hands(), kinds=kinds))

    def _every_minute(self) -> None:
        database, now = self.outpost.database, clock.now()
        with self.wards.aside():
            self._guarded("probes", lambda: mailbox_probes.probe_due(database, self._accounts(), now))
        self._signing_in.take(lambda: self._guarded("sign-ins", self._sign_ins))
        self._guarded("imports and launches", lambda: long_jobs.carry_on(database, clock.now()))
        self._guarded("warm-up", lambda: warm_up_keeping.keep(database, now))
        self._guarded("mark", lambda: generation.settle(self.outpost.config.mark_file))
        self._guarded("reports", lambda: exports.export_due(database, self.outpost.config.columnar_folder, now))

    def _accounts(self) -> Callable[[Session, Mailbox], MailAccount]:
        return account_for(self.outpost.vault, tokens_of(self.outpost, clock.now))

    def _sign_ins(self) -> None:
        """No mail waits for a token, and what nobody uses any more, or nobody got to keep, is given back."""
        grants.refresh_due(tokens_of(self.outpost, clock.now))
        cut_off_sign_ins.settle_due(tokens_of(self.outpost, clock.now))
        giving_back.give_back_due(tokens_of(self.outpost, clock.now))
        with self.outpost.database.write() as session:
            provider_sign_in.forget_old(session, clock.now())

    def _visit(self) -> None:
        """Mail servers and DNS may be slow: a thread of its own, and a round that lasts longer lets the next one pass."""
        if not self._visiting.acquire(blocking=False):
            return
        try:
            with self.wards.aside():
                database, key = self.outpost.database, key_for(self.outpost.vault)
                self._guarded("visits", lambda: warm_up_keeping.visit_due(database, self._accounts(), key, clock.now))
                if not self.outpost.config.practice:  # its domains are nobody's, and nothing is to leave the computer
                    look = functools.partial(domain_records.look, ask=domain_records.asker())
                    self._guarded("domain checks", lambda: domain_checks.check_due(database, look, clock.now()))
                self._guarded("mails to oneself", lambda: own_mails.carry_on(database, self._accounts(), clock.now()))
        finally:
            self._visiting.release()

    def _tell(self) -> None:
        """Alerts outside the panel; a slow webhook or mail server keeps only the other alerts waiting."""
        post = alert_deliveries.Post(self.outpost.vault, self.outpost.config.public_url)
        database = self.outpost.database
        tell = functools.partial(alert_deliveries.deliver_due, database, post, clock.now)
        self._telling.take(lambda: self._guarded("telling of alerts", tell))

    def _read_mail(self) -> None:
        """By itself, as visits are; and the addresses that can't be read, apart from all others."""
        self._reading_ill.take_beside("reading", lambda: self._guarded("reading of slow mail", lambda: self._read(ill=True)))
        with self.wards.aside():
            self._reading.take(lambda: self._guarded("reading of mail", lambda: self._read(ill=False)))

    def _read(self, *, ill: bool) -> None:
        vault, database = self.outpost.vault, self.outpost.database
        with database.read() as session:
            keys = Keys(key_for(vault)(session), vault)
        reader = reading_rounds.reader(database, self._accounts(), keys, writer=self.counter)
        reading_rounds.read_due(database, reader, clock.now, ill=ill, may_go_on=lambda: not self.stopping.is_set())

    def _every_ten_minutes(self) -> None:
        self._guarded("sweep", lambda: self.outpost.database.do(lambda session: agenda.sweep(session, clock.now())))
        self._guarded("old sign-ins", lambda: old_sign_ins.forget_old(self.outpost.database, clock.now()))
        self._guarded("bounce rates", lambda: bounce_rates.look_again(self.outpost.database, clock.now()))

    def _guarded(self, part: str, work: Callable[[], Any]) -> None:
        """A fault of one part must not end the others: it is logged, shown, and the work is tried again at its next turn."""
        try:
            work()
        except SQLAlchemyError as error:
            self.troubles[part] = (
                f"The database refuses to work ({type(error).__name__}); nothing is sent until it does again."
            )
            _log.error("work.failed", part=part, problem=database_trouble.sentence(error) or logs.scrubbed(str(error)))
        except Exception as error:
            self.troubles[part] = f"The {part} failed ({type(error).__name__}); it is tried again."
            _log.exception("work.failed", part=part, problem=logs.scrubbed(str(error)))
        else:
            self.troubles.pop(part, None)
