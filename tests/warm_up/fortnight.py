"""`python -m tests.warm_up.fortnight`: 24 addresses of 6 domains warm up for 14 working days on real mail servers.

The suite plays three days of it (test_on_real_servers.py); this is the whole, with the same checks after each week. An
interrupt (SIGINT) ends it after the day in hand, with the checks of what was played. In a folder in memory (TMPDIR) it
takes half an hour.
"""

import signal
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from storage.tables import WarmUp
from tests.bed.bed import bed_alone, missing
from tests.bed.configuration import ROOMY
from tests.fresh import new_database
from tests.warm_up import moved

ADDRESSES, DAYS_AND_WEEKENDS = 24, 18
BEGINS = moved.OPENS - timedelta(days=21)


def main() -> int:
    if missing():
        sys.stderr.write(f"{missing()}\n")
        return 1
    with bed_alone() as (bed, folder):
        _play(bed, folder)
    return 0


def _play(bed: moved.Bed, folder: Path) -> None:
    database = new_database(folder / "outpost.db")
    pool = moved.make_pool(database, bed, ADDRESSES, ROOMY)
    pool.now = BEGINS
    stopping: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: stopping.append(number))
    began, cpu = time.monotonic(), time.process_time()
    pool.start(*pool.boxes)
    for day in range(1, DAYS_AND_WEEKENDS + 1):
        pool.work_until(BEGINS + timedelta(days=day))
        _say(f"day {day}: {len(pool.messages()):,} mails, {time.monotonic() - began:,.0f} s")
        if stopping:
            break
        if day % 7 == 0:  # Friday's last mails are read on Monday
            _check(pool, BEGINS + timedelta(days=day - 3))
    pool.work_until(pool.now + timedelta(hours=4))  # the next working day: what was sent in the last afternoon is read
    spent = time.process_time() - cpu
    _check(pool, (pool.now - timedelta(days=1)).replace(hour=0))
    _say(f"{time.monotonic() - began:,.0f} s, {spent:,.0f} s of CPU without the servers'")
    database.close()


def _check(pool: moved.Pool, settled: datetime) -> None:
    """All promises; what was planned before `settled` must have been read and filed."""
    sent = pool.messages()
    per_day = moved.check_plan_and_hours(pool, pool.boxes)
    delivered = moved.check_only_the_pool_got_mail(pool, sent)
    seen = moved.check_rescues(pool, sent, settled)
    fullest = moved.check_folders(pool, sent, settled)
    with pool.database.read() as session:
        days = Counter(one.day for one in session.scalars(select(WarmUp)))
    with_mail = set(Counter(sender for sender, _ in per_day).values())
    answers = sum(one.answers_id is not None for one in sent)
    _say(f"{len(sent):,} mails ({answers:,} answers), {delivered:,} taken by the server for addresses of the pool only")
    _say(f"landed: {dict(seen)}; fullest folder: {fullest}; at day {dict(days)}; days with mail: {with_mail}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
