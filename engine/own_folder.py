"""What each worker keeps up in its own data folder, by itself: a shared queue gives each turn to one of the workers only."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine import exports, generation
from engine.channels.linkedin.sitting import forget_pictures
from engine.installation import Outpost
from engine.troubles import Troubles

_EVERY = 60.0  # seconds
_PICTURES_KEPT = timedelta(days=7)  # of pages that were not as known: personal data


@dataclass
class OwnFolder:
    """For a thread of its own: the reports' copy may take minutes."""

    outpost: Outpost
    troubles: Troubles
    now: Callable[[], datetime]

    def keep(self, stopping: threading.Event) -> None:
        """Take a turn a minute, until told to stop."""
        while not stopping.is_set():
            self.take_turn(self.now())
            stopping.wait(_EVERY)

    def take_turn(self, now: datetime) -> None:
        config, database = self.outpost.config, self.outpost.database
        self.troubles.guard("mark", lambda: generation.settle(config.mark_file))
        self.troubles.guard("reports", lambda: exports.export_due(database, config.columnar_folder, now))
        self.troubles.guard("pictures", lambda: forget_pictures(config.pictures_folder, (now - _PICTURES_KEPT).timestamp()))
