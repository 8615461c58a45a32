"""What a running warm-up forbids, and the sentence that says until when."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine import situations
from engine.desk import Problem
from engine.rules import warm_up as plan
from engine.rules.facts import WorkingHours
from storage.kinds import CampaignState
from storage.tables import Campaign, Mailbox, WarmUp, WarmUpCampaign


def running(identity_id: int) -> Select[WarmUp, Mailbox]:
    """The warm-ups of an identity that have not been stopped; a paused one holds its campaigns too."""
    return (
        select(WarmUp, Mailbox)
        .join(Mailbox, Mailbox.id == WarmUp.mailbox_id)
        .where(Mailbox.identity_id == identity_id, WarmUp.stopped_at.is_(None))
        .order_by(WarmUp.id)
    )


def other_running(session: Session, mailbox: Mailbox, besides: Collection[int] = ()) -> str:
    """Another address of the same identity that warms up, none of those `besides`; empty when there is none."""
    others = running(mailbox.identity_id).where(Mailbox.id.not_in([mailbox.id, *besides]))
    found = session.execute(others.limit(1)).first()
    return found[1].address if found is not None else ""


def require_none(session: Session, identity_id: int, what: str, now: datetime) -> None:
    """Problem while an address of the identity is warming up; `what` is what can't be done: "launched", "resumed"."""
    sentence = refusal(session, identity_id, what, now)
    if sentence:
        raise Problem(sentence)


def refusal(session: Session, identity_id: int, what: str, now: datetime) -> str:
    """The sentence of the refusal, empty when nothing is warming up."""
    held = session.execute(running(identity_id)).first()
    if held is None:
        return ""
    warm_up, mailbox = held
    return (
        f"{mailbox.address} is warming up ({progress(warm_up)}{ending(session, warm_up, mailbox, now)}), so this campaign"
        f" can't be {what}. Stop the warm-up first, on the identity's Email section."
    )


def progress(warm_up: WarmUp) -> str:
    paused = ", paused" if warm_up.paused_at is not None else ""
    return f"{plan.day_of(warm_up.day)}{paused}"


def ending(session: Session, warm_up: WarmUp, mailbox: Mailbox, now: datetime) -> str:
    """ ", planned until 9 December 2026" in the words of a sentence; a paused one has no planned end."""
    if warm_up.day > plan.DAYS:
        return ", the plan is complete"
    end = planned_end(session, warm_up, mailbox, now)
    return f", planned until {end:%-d %B %Y}" if end is not None else ""


def planned_end(session: Session, warm_up: WarmUp, mailbox: Mailbox, now: datetime) -> date | None:
    """The local date of the plan's last day."""
    hours = situations.working_hours(session, [mailbox.identity_id], now)[mailbox.identity_id]
    return planned_end_within(warm_up, hours, now)


def planned_end_within(warm_up: WarmUp, hours: WorkingHours, now: datetime) -> date | None:
    """The same, with the identity's hours at hand; None while it is paused, and when that day is over."""
    if warm_up.paused_at is not None or warm_up.day > plan.DAYS:
        return None
    today = now.astimezone(hours.zone).date()
    done = warm_up.day if warm_up.planned_on is not None else warm_up.day - 1
    return plan.last_day(hours, now, done, warm_up.planned_on == today)


def keep_paused(session: Session, campaign: Campaign, actor: str) -> bool:
    """A person wants a campaign that a warm-up paused to stay paused afterwards; False when none holds it."""
    held = select(WarmUpCampaign.version).join(WarmUp, WarmUp.id == WarmUpCampaign.warm_up_id)
    held = held.where(WarmUpCampaign.campaign_id == campaign.id, WarmUp.stopped_at.is_(None))
    if campaign.state is not CampaignState.PAUSED or campaign.version not in session.scalars(held).all():
        return False
    campaign.version += 1
    campaign.paused_by = actor
    return True
