"""A worker that books a lane's action and then hangs: `python -m tests.dispatch.holder URL NAME LANE`; it says when."""

import sys
import time

from sqlalchemy.exc import DBAPIError

from engine.booking import reserve
from storage.database import open_database
from storage.presence import Presence
from tests.makers import MONDAY


def main(url: str, name: str, lane_id: int) -> None:
    database = open_database(url)
    presence = Presence(database.engine, name)
    presence.keep()
    with database.write() as session:
        assert reserve(session, lane_id, MONDAY, name) is not None
    sys.stdout.write("held\n")
    sys.stdout.flush()
    while True:
        time.sleep(0.1)
        try:
            presence.keep()
        except DBAPIError:
            continue


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
