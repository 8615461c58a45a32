"""The long jobs that a page begins and the worker carries on when it is left.

They are imports, launches, endings, and the leads that come back with their address.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from engine.campaigns import continue_ending, endings_waiting
from engine.disconnecting import continue_healing, healings_waiting
from engine.imports import continue_import, imports_waiting
from engine.launching import continue_launch, launches_waiting
from storage.database import Database

_JOBS = (
    (imports_waiting, continue_import),
    (launches_waiting, continue_launch),
    (endings_waiting, continue_ending),
    (healings_waiting, continue_healing),
)


def are_waiting(session: Session) -> bool:
    """Whether there is anything to carry on; cheap enough for every tick."""
    return any(waiting(session) for waiting, _ in _JOBS)


def carry_on(database: Database, now: datetime) -> None:
    """Bring all of them to their end. Each chunk is a transaction of its own, so a kill between two costs nothing.

    One that can't go on must not hold up the others; what stopped it is raised (ExceptionGroup) when they are done.
    """
    troubles: list[Exception] = []
    for waiting, go_on in _JOBS:
        with database.read() as session:
            jobs = waiting(session)
        for job in jobs:
            try:
                go_on(database, job, now)
            except Exception as trouble:
                troubles.append(trouble)
    if troubles:
        raise ExceptionGroup("Long jobs could not go on.", troubles)
