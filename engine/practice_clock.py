"""Moving the practice workspace's clock forward; refused wherever real people could get mail."""

from datetime import datetime, timedelta

from sqlalchemy import select

from engine import clock
from engine.desk import Desk, Problem, use_case
from engine.rules.hours import next_window, window_at
from engine.situations import working_hours
from storage.kinds import Permission
from storage.tables import Heartbeat, Identity, Installation, UserSession

_FURTHEST = timedelta(days=31)


@use_case(needs=Permission.MANAGE)
def move_on(desk: Desk, hours: int) -> None:
    """Move the practice clock forward by whole hours, at most 31 days at once."""
    by = timedelta(hours=hours)
    if not timedelta(0) < by <= _FURTHEST:
        raise Problem("The practice clock moves forward only, by an hour to 31 days at once; choose a step in between.")
    _move(desk, by)


@use_case(needs=Permission.MANAGE)
def move_to_next_opening(desk: Desk) -> datetime:
    """Move the practice clock to a minute after the next opening of any identity in this workspace; answers that instant."""
    opening = _next_opening(desk)
    if opening is None:
        raise Problem("No identity of this workspace has working hours ahead; give one of them active days first.")
    arrival = opening + timedelta(minutes=1)
    _move(desk, arrival - desk.now)
    return arrival


def _next_opening(desk: Desk) -> datetime | None:
    ids = desk.session.scalars(
        select(Identity.id).where(Identity.workspace_id == desk.workspace, Identity.archived_at.is_(None))
    ).all()
    openings = []
    for hours in working_hours(desk.session, ids, desk.now).values():
        open_now = window_at(hours, desk.now)
        following = next_window(hours, open_now.closes if open_now else desk.now)
        openings += [following.opens] if following else []
    return min(openings, default=None)


def _move(desk: Desk, by: timedelta) -> None:
    if not desk.session.get_one(Installation, 1).practice:
        raise Problem("Only the practice workspace's clock can be moved; start it with `make demo`.")
    desk.audit(
        "practice_clock.moved", "installation:1", old={"at": desk.now.isoformat()}, new={"at": (desk.now + by).isoformat()}
    )
    _carry_along(desk, by)
    desk.session.flush()
    clock.move(by)


def _carry_along(desk: Desk, by: timedelta) -> None:
    """Nobody was away while the clock jumped: sign-ins don't end by it, and the worker is not taken for dead."""
    for row in desk.session.scalars(
        select(UserSession).where(UserSession.ended_at.is_(None), UserSession.expires_at > desk.now)
    ):
        row.last_seen_at, row.expires_at = row.last_seen_at + by, row.expires_at + by
    for beat in desk.session.scalars(select(Heartbeat)):
        beat.at += by
