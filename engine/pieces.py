"""Long work in short pieces: a transaction each, and a rest between two, in which everybody else gets to write."""

import time
from collections.abc import Callable
from typing import TypeVar

from engine import clock

# Whoever waits for SQLite's lock asks for it again within a tenth of a second, and it is not fair: without a rest the one
# who lets go of it is the next to have it.
LONGEST_REST = 0.1  # seconds
T = TypeVar("T")


def paced(piece: Callable[[], T], goes_on: Callable[[T], bool]) -> T:
    """Do one piece after the other for as long as what it came to says so; the last result. Between two it rests for as
    long as the first of them took, and a tenth of a second at most.
    """
    while True:
        began = clock.monotonic()
        done = piece()
        if not goes_on(done):
            return done
        time.sleep(min(LONGEST_REST, clock.monotonic() - began))
