"""Named instants at which a test may kill this process, to prove what survives."""

import itertools
import os
import signal

_wanted = os.environ.get("OUTPOST_CRASH_AT", "")
_visits = itertools.count(1)  # its `next` is one step of the interpreter, so that threads can share it


def die_at(point: str) -> None:
    """What `OUTPOST_CRASH_AT` says at the start, for a process that was forked."""
    global _wanted
    _wanted = point


def reached(name: str) -> None:
    """Kill this very process, without a chance to clean up, when it is to die at this name.

    `name:3` means the third time that any thread comes by. Asked several times a mail, hence first the cheap question.
    """
    if not _wanted:
        return
    wanted, _, turn = _wanted.partition(":")
    if wanted == name and next(_visits) == int(turn or 1):
        os.kill(os.getpid(), signal.SIGKILL)
