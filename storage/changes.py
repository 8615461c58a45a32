"""Whether anything was committed since: SQLite's own number for it, asked on a connection that does nothing else.

`PRAGMA data_version` changes on a connection whenever another connection or process has committed.
"""

import threading
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine
from sqlalchemy.pool import PoolProxiedConnection

_watching: "WeakKeyDictionary[Engine, PoolProxiedConnection]" = WeakKeyDictionary()
_lock = threading.Lock()


def number(engine: Engine) -> int | None:
    """Two equal answers: nothing was committed between them. None for a database that has no such number."""
    if engine.dialect.name != "sqlite":
        return None
    with _lock:
        if engine not in _watching:
            _watching[engine] = engine.raw_connection()
        cursor = _watching[engine].cursor()
        try:
            found: int = cursor.execute("PRAGMA data_version").fetchone()[0]
        finally:
            cursor.close()
        return found


def forget(engine: Engine) -> None:
    """Before the engine is closed: its watching connection would keep the file open."""
    with _lock:
        watching = _watching.pop(engine, None)
    if watching is not None:
        watching.close()


def is_writing(connection: Connection) -> bool:
    """Whether its transaction may hold changes that nobody else can see yet."""
    return bool(connection.get_execution_options().get("write"))
