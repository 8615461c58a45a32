"""Warm-up of an address: started, paused, resumed and stopped by a person, each in one transaction, exactly undone.

A warm-up pauses every running campaign of the address's identity and remembers each with its version. When the last
warm-up of an identity stops, exactly those come back that are still as they were left: one that meanwhile was finished,
or that a person chose to keep paused, has another version or state and stays.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import agenda, warm_up_alerts, warm_up_holds, warm_up_locks, warm_up_planning, warm_up_pool, warm_up_refusals
from engine.desk import Desk, Problem, use_case
from engine.warm_up_refusals import running_on
from storage.kinds import Permission, WarmUpPause
from storage.tables import Mailbox, WarmUp


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What came of one address: `sentence` is empty when it was done."""

    address: str
    sentence: str


@use_case(needs=Permission.MANAGE)
def start(desk: Desk, mailbox_id: int, despite: str = "") -> int:
    """Pause the identity's running campaigns, begin, and plan today's mails; says how many campaigns it paused.

    `despite` is why a person starts it although the domain's check is red, or was not made yet.
    """
    session, now = desk.session, desk.now
    mailbox = session.get_one(Mailbox, mailbox_id)
    warning = _require_ready(session, mailbox, despite)
    preset = warm_up_pool.pace_of(session, mailbox.workspace_id).holds
    begun = WarmUp(
        mailbox_id=mailbox_id,
        started_at=now,
        started_by=desk.actor.label,
        preset=preset,
        price_cents=warm_up_pool.policy_of(session).price_cents,
    )
    session.add(begun)
    session.flush()
    paused = warm_up_holds.running_campaigns(session, mailbox.identity_id)
    for campaign in paused:
        warm_up_holds.hold(desk, begun, campaign, mailbox.address)
    new: dict[str, object] = {"campaigns_paused": [campaign.id for campaign in paused], "preset": preset.value}
    if warning:
        new["despite"] = f"{warning} {despite.strip()}"
    _audit(desk, mailbox, "warm_up.started", None, new)
    warm_up_planning.plan_day(session, begun, now)
    return len(paused)


def _require_ready(session: Session, mailbox: Mailbox, despite: str) -> str:
    """Problem when it can't start; what is wrong with its domain where a person starts it all the same."""
    refusal = warm_up_refusals.refusal(session, mailbox)
    if refusal:
        raise Problem(refusal)
    warning = warm_up_refusals.domain_warning(session, mailbox)
    if warning and not despite.strip():
        raise Problem(warm_up_refusals.domain_refusal(mailbox, warning))
    return warning


@use_case(needs=Permission.MANAGE)
def pause(desk: Desk, mailbox_id: int) -> int:
    """Keep the day, which is answered, and send nothing; the campaigns stay held."""
    mailbox, warm_up = running_on(desk.session, mailbox_id)
    if warm_up.paused_at is not None and warm_up.pause is WarmUpPause.PERSON:
        raise Problem(f"The warm-up of {mailbox.address} is paused already.")
    since = warm_up.paused_at or desk.now
    warm_up_planning.hold(desk.session, warm_up, WarmUpPause.PERSON, f"Paused by {desk.actor.label}.", desk.now)
    warm_up.paused_at = since
    _audit(desk, mailbox, "warm_up.paused", None, {"day": warm_up.day})
    return warm_up.day


@use_case(needs=Permission.MANAGE)
def resume(desk: Desk, mailbox_id: int) -> int:
    """Go on; says on which day. A pause of more than three days steps back a day for each day beyond."""
    mailbox, warm_up = running_on(desk.session, mailbox_id)
    if warm_up.paused_at is None:
        raise Problem(f"The warm-up of {mailbox.address} is not paused.")
    obstacle = warm_up_refusals.connection_refusal(mailbox)
    if obstacle:
        raise Problem(obstacle)
    old = warm_up.day
    warm_up_planning.go_on(desk.session, warm_up, desk.now)
    _audit(desk, mailbox, "warm_up.resumed", {"day": old}, {"day": warm_up.day})
    return warm_up.day


@use_case(needs=Permission.MANAGE)
def stop(desk: Desk, mailbox_id: int, resume_campaigns: bool = True) -> int:
    """End the warm-up; says how many campaigns it resumed. Nothing of it is sent from this commit on."""
    mailbox, warm_up = running_on(desk.session, mailbox_id)
    warm_up_planning.cancel_open(desk.session, warm_up.mailbox_id, desk.actor.label, desk.now)
    warm_up.stopped_at, warm_up.stopped_by = desk.now, desk.actor.label
    warm_up_planning.end_limit(desk.session, warm_up.mailbox_id, desk.now)
    warm_up_alerts.ended(desk.session, warm_up, desk.now)
    desk.session.flush()
    resumed = _undo(desk, warm_up, mailbox, resume_campaigns)
    _audit(desk, mailbox, "warm_up.stopped", {"day": warm_up.day}, {"campaigns_resumed": resumed})
    agenda.wake_identity(desk.session, mailbox.identity_id, desk.now)
    return len(resumed)


def end_with_address(desk: Desk, mailbox_id: int) -> None:
    """An address that is taken off the list takes its warm-up with it, undone as if it had been stopped."""
    if desk.session.scalar(select(WarmUp.id).where(WarmUp.mailbox_id == mailbox_id, WarmUp.stopped_at.is_(None))):
        stop(desk, mailbox_id=mailbox_id)


@use_case(needs=Permission.MANAGE)
def start_many(desk: Desk, mailbox_ids: tuple[int, ...]) -> tuple[BulkResult, ...]:
    return _each(desk, mailbox_ids, start)


@use_case(needs=Permission.MANAGE)
def stop_many(desk: Desk, mailbox_ids: tuple[int, ...]) -> tuple[BulkResult, ...]:
    """Stop each and resume the campaigns it paused."""
    return _each(desk, mailbox_ids, stop)


def _each(desk: Desk, mailbox_ids: tuple[int, ...], task: Callable[..., int]) -> tuple[BulkResult, ...]:
    """One address's refusal changes nothing for the others."""
    results = []
    for mailbox_id in dict.fromkeys(mailbox_ids):
        sentence = ""
        try:
            with desk.session.begin_nested():
                task(desk, mailbox_id=mailbox_id)
        except Problem as problem:
            sentence = str(problem)
        results.append(BulkResult(_name(desk, mailbox_id), sentence))
    return tuple(results)


def _name(desk: Desk, mailbox_id: int) -> str:
    found = desk.session.get(Mailbox, mailbox_id)
    seen = found is not None and found.workspace_id == desk.workspace_id
    reach = desk.access()
    within = reach is not None and (reach.identity_ids is None or (found and found.identity_id in reach.identity_ids))
    return found.address if found is not None and seen and within else "an address"


def _undo(desk: Desk, warm_up: WarmUp, mailbox: Mailbox, resume_campaigns: bool) -> list[int]:
    """Resume what it paused; while another address of the identity still warms up, that one takes them over."""
    heir = desk.session.execute(warm_up_locks.running(mailbox.identity_id)).first()
    if heir is not None:
        warm_up_holds.hand_over(desk.session, warm_up, heir[0])
        return []
    resumed = []
    for row, campaign in warm_up_holds.held(desk.session, warm_up):
        if resume_campaigns and warm_up_holds.as_left(row, campaign):
            warm_up_holds.release(desk, row, campaign)
            resumed.append(campaign.id)
    return resumed


def _audit(desk: Desk, mailbox: Mailbox, what: str, old: dict[str, object] | None, new: dict[str, object] | None) -> None:
    desk.audit(what, f"mailbox:{mailbox.id}", old=old, new=new, identity_id=mailbox.identity_id)
