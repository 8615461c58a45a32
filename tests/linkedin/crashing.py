"""A worker that carries out Ada's LinkedIn actions until none is open.

`python -m tests.linkedin.crashing DATA KEY SITE NOW`. It is killed from outside and
started again, as often as somebody likes.
"""

import sys
from datetime import datetime, timedelta

from sqlalchemy import func, select

from engine import recovery
from engine.channels.linkedin.driver import Driver
from engine.channels.linkedin.stand_in import leading_to
from engine.config import load
from engine.installation import open_outpost
from practice.linkedin.server import Sites
from storage.kinds import FINAL_STATES, ActionState
from storage.tables import Action, Identity
from tests.linkedin.conftest import Doing, Office

_STEP = timedelta(minutes=30)


def main(data: str, key: str, site: str, begins: str) -> int:
    settings = {"OUTPOST_DATA": data, "OUTPOST_KEY_FILE": key}
    outpost = open_outpost(load(settings), settings)
    with outpost.database.read() as session:
        ada = session.scalars(select(Identity).order_by(Identity.id)).first()
        assert ada is not None
        office = Office(outpost, Sites(), Driver(arrange=leading_to(site)), ada.workspace_id, ada.id)
    doing = Doing(office, datetime.fromisoformat(begins))
    recovery.recover(outpost.database, f"boot {begins}", doing.now, alone=True)
    while _open(office):
        doing.now += _STEP
        recovery.reconcile_due(outpost.database, lambda: doing.now, doing.hands())
        doing.attend(_STEP)
        sys.stdout.write(f"{doing.now.isoformat()}\n")
        sys.stdout.flush()
    return 0


def _open(office: Office) -> int:
    with office.outpost.database.read() as session:
        settled = [*FINAL_STATES, ActionState.PARKED]
        return session.scalar(select(func.count()).where(Action.state.not_in(settled))) or 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
