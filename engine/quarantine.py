"""Releasing a restored backup after a person checked what was sent since it was made (G12)."""

from datetime import datetime

from engine import agenda
from engine.desk import Desk, Problem, use_case
from engine.generation import Gap, gap_of
from storage.kinds import Permission
from storage.tables import Installation


@use_case(needs=Permission.OWN, reads=True)
def quarantine(desk: Desk) -> Gap | None:
    """What the restored backup lacks while it is in quarantine; None when it is not."""
    return gap_of(desk.session)


@use_case(needs=Permission.OWN)
def release_quarantine(desk: Desk, note: str) -> None:
    """Let everything run again, after somebody checked what was sent since the backup; says so in the audit log."""
    gap = gap_of(desk.session)
    if gap is None:
        raise Problem("Nothing is in quarantine.")
    if not note.strip():
        raise Problem("Say in a few words what you checked; it is kept in the audit log.")
    row = desk.session.get_one(Installation, 1)
    old = {"quarantined_at": gap.noticed_at.isoformat(), "ledger_lines_missing": gap.lines, "since": _iso(gap.since)}
    desk.audit("quarantine.released", "installation:1", old=old, new={"note": note.strip()})
    row.quarantined_at = None
    agenda.wake_all(desk.session, desk.now)


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
