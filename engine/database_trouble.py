"""What a person is told when the database's file, not Outpost, is in the way: locked, no room, read-only, damaged."""

import errno

from sqlalchemy.exc import DBAPIError

# By SQLite's name of the error, without what it says more exactly (SQLITE_IOERR_WRITE): https://sqlite.org/rescode.html
_SENTENCES = {
    "SQLITE_BUSY": (
        "The database was in use for too long, so nothing of this was saved. Try again; if it stays, another program holds"
        " the database's file: a backup, or a second Outpost. End it."
    ),
    "SQLITE_FULL": (
        "The disk where the data lies is full: nothing of this was saved, and nothing is sent. Make room on it, then try"
        " again."
    ),
    "SQLITE_READONLY": (
        "The database's file may only be read, so nothing of this was saved and nothing is sent. Let the user that runs"
        " Outpost write to the data folder."
    ),
    "SQLITE_IOERR": (
        "The disk where the data lies did not read or write, so nothing of this was saved. See that it is well and not full."
    ),
    "SQLITE_CANTOPEN": (
        "The database's file can't be opened any more. See that the data folder is there and that Outpost may read it."
    ),
    "SQLITE_CORRUPT": (
        "The database's file is damaged. Stop Outpost and put back a backup; README says how under Backup and restore."
    ),
}
_LOCKED = "SQLITE_LOCKED"  # the same for a person: somebody else is at it


def sentence(error: BaseException) -> str | None:
    """The whole sentence, or None when it is not the database's file that is in the way."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return _SENTENCES["SQLITE_FULL"]
    if not isinstance(error, DBAPIError):
        return None
    name = str(getattr(error.orig, "sqlite_errorname", "")).replace(_LOCKED, "SQLITE_BUSY")
    return _SENTENCES.get("_".join(name.split("_")[:2]))
