"""A shared queue that does not answer: how it is known, and what is said of it."""

import logging

from engine import logs
from engine.desk import Problem

SILENT = "The queue's Redis (OUTPOST_QUEUE) does not answer, so nothing new begins; check that it runs and lets Outpost in."
EXIT_STATUS = 4  # of a worker that could not start for it


class QueueSilent(Problem):
    """The queue takes no ring; what is due stays due."""


def is_silence(error: BaseException) -> bool:
    """Whether this is the network's or the Redis client's own error, whatever its version calls it; it may be missing."""
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] == "redis"


class HueyLog(logging.Handler):
    """What Huey has to say becomes a line of the log, scrubbed as all others; silence needs no traceback from 48 threads."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._log = logs.logger("queue")

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        said = {"said": record.getMessage()}
        if error is None:
            self._log.warning("queue.said", **said)
        elif is_silence(error):
            self._log.warning("queue.silent", **said, problem=f"{type(error).__name__}: {error}")
        else:
            self._log.error("queue.failed", **said, exc_info=error)


def set_up_log() -> None:
    """Once a process; beside this, nothing that Huey logs goes anywhere."""
    log = logging.getLogger("huey")
    log.handlers[:], log.propagate = [HueyLog()], False
