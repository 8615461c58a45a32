"""Threads that wait together at a worker's counter."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from engine.counter import Counter


def all_at_once(counter: Counter, works: Sequence[Callable[[Session], Any]]) -> list[Any]:
    """Every piece of work by a thread of its own, all of which wait while the first is held up."""
    results: list[Any] = [None] * len(works)
    held, may_go_on = threading.Event(), threading.Event()

    def hold_up(session: Session) -> None:
        held.set()
        may_go_on.wait(30)

    def bring(number: int) -> None:
        try:
            results[number] = counter.do(works[number])
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=counter.do, args=(hold_up,))]
    threads[0].start()
    assert held.wait(30)
    for number in range(len(works)):
        threads.append(threading.Thread(target=bring, args=(number,)))
        threads[-1].start()
    ends = time.monotonic() + 30
    while len(counter._waiting) < len(works) and time.monotonic() < ends:
        time.sleep(0.001)
    may_go_on.set()
    for thread in threads:
        thread.join(30)
    return results
