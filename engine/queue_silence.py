"""A shared queue that does not answer: how it is known, and what is said of it."""

from engine.desk import Problem

SILENT = "The queue's Redis (OUTPOST_QUEUE) does not answer, so nothing new begins; check that it runs and lets Outpost in."
EXIT_STATUS = 4  # of a worker that could not start for it


class QueueSilent(Problem):
    """The queue takes no ring; what is due stays due."""


def is_silence(error: BaseException) -> bool:
    """Whether this is the network's or the Redis client's own error, whatever its version calls it; it may be missing."""
    return isinstance(error, OSError) or type(error).__module__.partition(".")[0] == "redis"
