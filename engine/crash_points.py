"""Named instants at which a test may kill this process, to prove what survives."""

import itertools
import os
import signal

_visits = itertools.count(1)  # its `next` is one step of the interpreter, so that threads can share it


def reached(name: str) -> None:
    """Kill this very process, without a chance to clean up, when `OUTPOST_CRASH_AT` is this name.

    `name:3` means the third time that any thread comes by.
    """
    wanted, _, turn = os.environ.get("OUTPOST_CRASH_AT", "").partition(":")
    if wanted == name and next(_visits) == int(turn or 1):
        os.kill(os.getpid(), signal.SIGKILL)
