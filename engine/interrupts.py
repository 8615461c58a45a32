"""Ctrl-C while a program is still starting: one sentence, instead of the place among the imports where it fell.

Nothing has begun by then that would have to be ended: a file half written or a migration half done is undone as after a
kill. Imported before everything heavy, so it imports nothing heavy itself.
"""

import os
import signal
from types import FrameType


def leave_at_once() -> None:
    """From now on Ctrl-C ends the process; a server that puts its own handler in place ends in its own way instead."""
    signal.signal(signal.SIGINT, _leave)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os.write(1, b"\n  Outpost has stopped.\n")
    os._exit(0)  # an exception would be caught, or printed, by whatever is being imported
