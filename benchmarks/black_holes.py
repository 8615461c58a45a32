"""What the other addresses still send while a tenth of them lie at servers that take a mail and never answer.

A prompt server answers after a tenth of a second, as real ones do at best; a black hole holds its thread until the
deadline. Both runs go through the worker's own doorbell with all gates and full durability.
"""

import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.rows import Row
from engine.channels.effects import Accepted, Failed, Letter, MailAccount, Outcome, Server, Trace
from engine.config import load
from engine.hands import Hands
from engine.installation import Outpost
from engine.letters import letter_for
from engine.queue import SECONDS_TO_FINISH, Doorbell
from storage.database import Database
from storage.kinds import ActionState, Reason, Security
from storage.tables import Action, Lane, Mailbox
from storage.vault import Vault
from tests.dispatch.sink import lanes_with_work
from tests.fresh import new_database

_LANES, _LEADS, _EACH = 80, 50, 10  # each tenth lane is a black hole
_THREADS = 6  # fewer than black holes, so that relief is needed
_PROMPT = 0.1  # seconds
_NO_LIMIT = 50_000_000
_SERVER = Server("127.0.0.1", 465, Security.SSL)


def run() -> list[Row]:
    alone, beside = _healthy(holes=False), _healthy(holes=True)
    name = f"{_LANES - _LANES // _EACH} addresses beside {_LANES // _EACH} black holes"
    return [Row(name, f"{_THREADS} threads and relief", beside, "mails/s", "without the holes", alone, at_least=0.9)]


@dataclass
class _Mailer:
    """Implements `effects.Mailer`; the addresses of `silent` are never answered until `over`."""

    silent: frozenset[str]
    over: threading.Event

    def deliver(self, account: MailAccount, letter: Letter, seconds: float) -> Outcome:
        if account.address in self.silent:
            self.over.wait(seconds)
            return Failed(Reason.UNREACHABLE, "no answer", permanent=False)
        time.sleep(_PROMPT)
        return Accepted({"answer": "250 2.0.0 Ok"})

    def look_up(self, account: MailAccount, message_id: str, seconds: float) -> Trace:
        return Trace.UNKNOWABLE


def _account(_session: Session, mailbox: Mailbox) -> MailAccount:
    return MailAccount(mailbox.address, "Ada", mailbox.address, "-", imap=_SERVER, smtp=_SERVER)


def _healthy(holes: bool) -> float:
    """Mails a second of the addresses that are no black holes, from the first turn to the last mail."""
    with tempfile.TemporaryDirectory(prefix="outpost-black-holes-") as place:
        folder, over = Path(place), threading.Event()
        database = new_database(folder / "outpost.db")
        silent = _silent(database)
        mailer = _Mailer(silent if holes else frozenset(), over)
        config = load({"OUTPOST_DATA": str(folder), "OUTPOST_KEY_FILE": str(folder / "key")})
        hands = Hands(mailer, _account, letter_for)
        bell = Doorbell(Outpost(database, Vault({1: bytes(32)}), config), "bench", True, lambda: hands)
        consumer = bell.huey.create_consumer(workers=_THREADS, worker_type="thread", periodic=False, max_delay=0.25)
        bell.stopping = consumer.stop_flag
        wanted, begin = (_LANES - len(silent)) * _LEADS, time.perf_counter()
        consumer.start()
        threading.Thread(target=bell.pump, daemon=True).start()
        while _sent(database, silent) < wanted:
            time.sleep(0.25)
        took = time.perf_counter() - begin
        over.set()
        consumer.stop(graceful=True)
        bell.relief.wait(SECONDS_TO_FINISH)
        database.close()
    return wanted / took


def _silent(database: Database) -> frozenset[str]:
    """The addresses of each tenth lane; every lane's mails may go one after the other."""
    lanes = lanes_with_work(database, lanes=_LANES, leads=_LEADS, limit=_NO_LIMIT)[::_EACH]
    with database.read() as session:
        boxes = select(Mailbox.address).join(Lane, Lane.mailbox_id == Mailbox.id).where(Lane.id.in_(lanes))
        return frozenset(session.scalars(boxes))


def _sent(database: Database, silent: frozenset[str]) -> int:
    with database.read() as session:
        counted = select(func.count()).select_from(Action).join(Lane, Lane.id == Action.lane_id)
        others = counted.join(Mailbox, Mailbox.id == Lane.mailbox_id).where(Mailbox.address.not_in(silent))
        return session.scalar(others.where(Action.state == ActionState.ACCEPTED)) or 0
