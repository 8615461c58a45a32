"""A practice clock's file from outside the panel: set to an instant before the processes start, or while they run."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

_HOME = ZoneInfo("Europe/Madrid")
_FIRST_MAIL = time(9, 30)
_FROM, _UNTIL = time(9, 10), time(16, 30)


def set_clock(file: Path, wall: datetime, instant: datetime) -> None:
    """From now on (`wall`) it is `instant` for every process whose OUTPOST_CLOCK names the file."""
    scratch = file.with_suffix(".new")
    scratch.write_text(str((instant - wall).total_seconds()))
    scratch.replace(file)


def practice_day(wall: datetime) -> datetime:
    """`wall` itself in office hours of Madrid, else 09:30 there on the next working day."""
    local = wall.astimezone(_HOME)
    is_working_day = local.isoweekday() <= 5
    if is_working_day and _FROM <= local.time() <= _UNTIL:
        return wall
    day = local.date() if is_working_day and local.time() < _FROM else local.date() + timedelta(days=1)
    while day.isoweekday() > 5:
        day += timedelta(days=1)
    return datetime.combine(day, _FIRST_MAIL, _HOME).astimezone(UTC)
