"""What does not work in a worker at the moment, in a sentence a part; one part's fault must not end the others."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from engine import clock, database_trouble, logs
from engine.queue_silence import QueueSilent

_JUST_NOW = 60.0  # seconds
_log = logs.logger("worker")


@dataclass(frozen=True, slots=True)
class Troubles:
    """By part: the sentence of its last failure, until it succeeds."""

    sentences: dict[str, str] = field(default_factory=dict)
    now: Callable[[], float] = clock.monotonic  # seconds
    _failed: dict[str, tuple[int, float]] = field(default_factory=dict)  # how often in a row, and when last

    def lasting(self) -> list[str]:
        """What failed just now, or more than once running: a fault that passed is none until its part's next turn."""
        recent = self.now() - _JUST_NOW
        failed = list(self._failed.items())
        shown = (self.sentences.get(part) for part, (times, at) in failed if times > 1 or at >= recent)
        return list(dict.fromkeys(each for each in shown if each is not None))

    def guard(self, part: str, work: Callable[[], Any]) -> None:
        """Do a part's work; a fault is logged, shown, and the work is tried again at its next turn."""
        try:
            work()
        except SQLAlchemyError as error:
            self._fails(part, f"The database refuses to work ({type(error).__name__}); nothing is sent until it does again.")
            _log.error("work.failed", part=part, problem=database_trouble.sentence(error) or logs.scrubbed(str(error)))
        except QueueSilent as silent:
            self._fails(part, str(silent))
            _log.error("work.failed", part=part, problem=str(silent))
        except Exception as error:
            self._fails(part, f"The {part} failed ({type(error).__name__}); it is tried again.")
            _log.exception("work.failed", part=part, problem=logs.scrubbed(str(error)))
        else:
            self.sentences.pop(part, None)
            self._failed.pop(part, None)

    def _fails(self, part: str, sentence: str) -> None:
        self.sentences[part] = sentence
        self._failed[part] = (self._failed.get(part, (0, 0.0))[0] + 1, self.now())
