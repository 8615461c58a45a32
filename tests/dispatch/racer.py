"""One of several processes that reserve on the same lanes: `python -m tests.dispatch.racer FOLDER NUMBER`.

All of them read one clock. It goes on to the agenda's next wake-up whenever every process has looked at every lane once
more, so that the day takes as long as a slow machine needs.
"""

import math
import mmap
import struct
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from engine.dispatch import attend
from storage.database import open_database
from storage.tables import Lane
from tests.dispatch.sink import Sink
from tests.fresh import place_of
from tests.makers import MONDAY

OPENS = MONDAY.replace(hour=8)  # 09:00 in Madrid
DAY = 9 * 3600  # seconds until 18:00 in Madrid
_WORD = struct.Struct("<q")


class SharedClock:
    """The seconds that have passed since OPENS, and up to which of them each process has looked at all, in a mapped file."""

    def __init__(self, path: Path, processes: int) -> None:
        if not path.exists():
            path.write_bytes(bytes(_WORD.size * (1 + processes)))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)

    def _read(self, place: int) -> int:
        return int(_WORD.unpack_from(self._memory, place * _WORD.size)[0])

    def _write(self, place: int, value: int) -> None:
        _WORD.pack_into(self._memory, place * _WORD.size, value)

    @property
    def seconds(self) -> int:
        return self._read(0)

    def now(self) -> datetime:
        return OPENS + timedelta(seconds=self.seconds)

    def go_on(self, to: datetime) -> None:
        """To an instant, to the next whole second at least, and not beyond the day."""
        ahead = math.ceil((to - OPENS).total_seconds())
        self._write(0, min(DAY, max(self.seconds + 1, ahead)))

    def note_round(self, number: int, at: int) -> None:
        """The process has looked at every lane at this second; the file begins with zeros, so one more is kept."""
        self._write(1 + number, at + 1)

    def has_looked(self, number: int) -> bool:
        """Whether the process has made its round of the present second: no matter how quickly, it can't be missed."""
        return self._read(1 + number) == self.seconds + 1


def main(folder: Path, number: int) -> None:
    database, sink = open_database(place_of(folder / "outpost.db")), Sink(folder / "sink")
    clock = SharedClock(folder / "clock", 0)
    with database.read() as session:
        lanes = session.scalars(select(Lane.id)).all()
    while (at := clock.seconds) < DAY:
        for lane_id in lanes:
            attend(database, lane_id, clock.now, f"worker-{number}", sink.hands())
        clock.note_round(number, at)
        while clock.seconds == at:
            time.sleep(0.002)
    database.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
