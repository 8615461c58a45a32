"""What does not work in a worker at the moment, in a sentence a part; one part's fault must not end the others."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from engine import database_trouble, logs
from engine.queue_silence import QueueSilent

_log = logs.logger("worker")


@dataclass(frozen=True, slots=True)
class Troubles:
    """By part: the sentence of its last failure, until it succeeds."""

    sentences: dict[str, str] = field(default_factory=dict)

    def guard(self, part: str, work: Callable[[], Any]) -> None:
        """Do a part's work; a fault is logged, shown, and the work is tried again at its next turn."""
        try:
            work()
        except SQLAlchemyError as error:
            self.sentences[part] = (
                f"The database refuses to work ({type(error).__name__}); nothing is sent until it does again."
            )
            _log.error("work.failed", part=part, problem=database_trouble.sentence(error) or logs.scrubbed(str(error)))
        except QueueSilent as silent:
            self.sentences[part] = str(silent)
            _log.error("work.failed", part=part, problem=str(silent))
        except Exception as error:
            self.sentences[part] = f"The {part} failed ({type(error).__name__}); it is tried again."
            _log.exception("work.failed", part=part, problem=logs.scrubbed(str(error)))
        else:
            self.sentences.pop(part, None)
