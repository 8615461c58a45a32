"""The worker process: one at a time on a data folder, alive by its heartbeat, ended gently by SIGTERM.

Started by the panel, or by hand with `python -m engine.worker`. Exit status 3: another worker is at work here; 4: the
queue's Redis does not answer.
"""

import gc

if __name__ == "__main__":
    gc.disable()  # until all is imported and frozen: none of it is garbage, and looking for some is a sixth of a start

import fcntl
import os
import socket
import sys
import threading
import uuid
from datetime import datetime
from pathlib import Path
from typing import TextIO

from sqlalchemy.exc import SQLAlchemyError

from engine import clock, database_trouble, generation, installation, logs, queue_silence, recovery, unsubscribes, workers
from engine.channels.email import EmailChannel
from engine.channels.linkedin.driver import Driver
from engine.channels.linkedin.stand_in import leading_to
from engine.config import Config
from engine.desk import Problem
from engine.grants import tokens_of
from engine.hands import Hand, Hands
from engine.installation import Outpost
from engine.letters import letter_writer
from engine.linkedin_browsing import SignIns
from engine.linkedin_hand import LINKEDIN_KINDS, LinkedInHand
from engine.mail_accounts import account_for
from engine.networks import network_guard
from engine.own_folder import OwnFolder
from engine.queue import SECONDS_TO_FINISH, Doorbell
from engine.scraping_hand import ScrapingHand
from engine.warm_up_hand import with_warm_up
from engine.warm_up_key import key_for
from storage.kinds import ActionKind
from storage.presence import Presence
from storage.tables import Heartbeat

ANOTHER_WORKER = 3
_BEAT = 2.0  # seconds
_log = logs.logger("worker")


def main() -> int:
    gc.freeze()
    gc.enable()
    logs.set_up()
    queue_silence.set_up_log()
    try:
        outpost = installation.current()
        with hold(outpost.config.worker_lock):
            return work(outpost)
    except Problem as problem:
        _log.error("worker.refused", problem=str(problem))
        sys.stderr.write(f"{problem}\n")
        if isinstance(problem, queue_silence.QueueSilent):
            return queue_silence.EXIT_STATUS
        return ANOTHER_WORKER if isinstance(problem, AnotherWorker) else 1


class AnotherWorker(Problem):
    """Two consumers were started by mistake; this one steps back."""


def hold(path: Path) -> TextIO:
    """Take the lock that one worker holds as long as it lives; the kernel frees it however the process ends."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        pid = file.read().strip() or "unknown"
        raise AnotherWorker(
            f"Another worker (process {pid}) is already running on {path.parent}; this one ends. One is enough."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def work(outpost: Outpost) -> int:
    """Settle what a dead worker left, then carry out what is due until told to stop."""
    boot = uuid.uuid4().hex
    alone = outpost.database.engine.dialect.name == "sqlite"
    name = workers.name_of(socket.gethostname(), outpost.config.data, alone=alone)
    driver = linkedin_driver(outpost.config)
    presence = None if alone else Presence(outpost.database.engine, boot)
    if presence is not None:
        presence.keep()  # before any lane is held
    sign_ins = SignIns(outpost, driver, boot, clock.now, alone)
    bell = Doorbell(outpost, boot, alone, lambda: hands(outpost, driver), latest=_last_beat(outpost), sign_ins=sign_ins)
    generation.watch(outpost.database, outpost.config.mark_file, clock.now())
    settled = recovery.recover(outpost.database, boot, clock.now(), alone=alone)
    _log.info("worker.started", boot=boot, settled=settled)
    consumer = bell.consumer()
    own_folder = OwnFolder(outpost, bell.troubles, clock.now)
    threads = [
        threading.Thread(target=_beat, args=(outpost, bell, boot, name, presence), name="heartbeat", daemon=True),
        threading.Thread(target=bell.pump, name="pump", daemon=True),
        threading.Thread(target=own_folder.keep, args=(bell.stopping,), name="own folder", daemon=True),
    ]
    for thread in threads:
        thread.start()
    consumer.run()
    bell.stopping.set()
    bell.relief.wait(SECONDS_TO_FINISH)
    for thread in threads:
        thread.join(timeout=5)
    _leave(outpost, name)
    _log.info("worker.ended", boot=boot)
    return 0


def _leave(outpost: Outpost, name: str) -> None:
    """A database that does not answer must not make an end in order look like a fault."""
    try:
        with outpost.database.write() as session:
            workers.leave(session, name, clock.now())
    except SQLAlchemyError as error:
        _log.error("heartbeat.failed", problem=database_trouble.sentence(error) or logs.scrubbed(str(error)))


def linkedin_driver(config: Config) -> Driver:
    """The one driver of this process: its locks keep an account in one browser at a time."""
    return Driver(config.pictures_folder, arrange=leading_to(config.linkedin) if config.linkedin else None)


def _last_beat(outpost: Outpost) -> datetime | None:
    with outpost.database.read() as session:
        return workers.last_sign(session)


def hands(outpost: Outpost, driver: Driver) -> Hands:
    """The real channels, e-mail's behind the guard of the networks that are allowed at this moment."""
    with outpost.database.read() as session:
        guard = network_guard(session)
    accounts = account_for(outpost.vault, tokens_of(outpost, clock.now))
    links = unsubscribes.links(unsubscribes.base_of(outpost.config), key_for(outpost.vault))
    letters = letter_writer(key_for(outpost.vault), links)
    others: dict[ActionKind, Hand] = dict.fromkeys(
        LINKEDIN_KINDS, LinkedInHand(outpost.database, outpost.vault, driver, clock.now)
    )
    others[ActionKind.SCRAPING] = ScrapingHand(outpost.vault, driver)
    channel = EmailChannel(guard, clock.now).in_a_row()
    return with_warm_up(Hands(channel, accounts, letters, others, channel.leave))


def _beat(outpost: Outpost, bell: Doorbell, boot: str, name: str, presence: Presence | None) -> None:
    """Write the sign of life. A database that can't be written is what the missing beat then says.

    Note beside it how far the ledger has come, by whoever's work: each worker must notice a restored backup by itself.
    """
    started = clock.now()
    mark_file = outpost.config.mark_file
    while True:
        bell.troubles.guard("ledger's mark", lambda: generation.note_newest(outpost.database, mark_file, clock.now()))
        try:
            if presence is not None:
                presence.keep()
            with outpost.database.write() as session:
                workers.keep(
                    session,
                    Heartbeat(
                        name=name,
                        boot=boot,
                        pid=os.getpid(),
                        host=socket.gethostname(),
                        started_at=started,
                        at=clock.now(),
                        note=" ".join(bell.troubles.lasting()),
                    ),
                )
        except SQLAlchemyError as error:
            _log.error("heartbeat.failed", problem=database_trouble.sentence(error) or logs.scrubbed(str(error)))
        if bell.stopping.wait(_BEAT):
            return


if __name__ == "__main__":
    sys.exit(main())
