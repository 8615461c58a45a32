"""Which address a lead is dealt: the campaign's one, or with Shuffle the able address that is furthest below its share."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import limits
from storage.kinds import ActionKind, MailboxState, QuotaClock
from storage.tables import Campaign, Lane, Mailbox

_ABLE = (MailboxState.OK, MailboxState.DEGRADED)


def deal(count: int, dealt: Mapping[int, int], capacity: Mapping[int, int] | None = None) -> list[int]:
    """Addresses for `count` further leads; `dealt` is address → leads it has, `capacity` address → mails a day (> 0).

    The quota method of Balinski and Young: after every lead each address is within 1 of its exact share, and how the
    leads are cut into chunks changes nothing. An address that came later catches up; nobody is moved.
    """
    weight = {each: (capacity or {}).get(each, 1) for each in dealt}
    has, whole, common = dict(dealt), sum(weight.values()), math.lcm(*weight.values())
    cards = []
    for total in range(sum(has.values()) + 1, sum(has.values()) + count + 1):
        below = (each for each in has if has[each] * whole < total * weight[each])
        card = min(below, key=lambda each: ((has[each] + 1) * (common // weight[each]), each))
        has[card] += 1
        cards.append(card)
    return cards


def capacities(session: Session, mailboxes: Sequence[Mailbox], now: datetime) -> dict[int, int]:
    """Each address's mails a day by the limit in force; an address whose limit is 0 is left out."""
    ids = [mailbox.id for mailbox in mailboxes]
    lanes = {
        row.id: row.mailbox_id for row in session.execute(select(Lane.id, Lane.mailbox_id).where(Lane.mailbox_id.in_(ids)))
    }
    found = {
        lanes[lane_id]: limit.value
        for lane_id, inforce in limits.limits_of(session, list(lanes), now).items()
        for limit in inforce
        if limit.kind is ActionKind.EMAIL and limit.clock is QuotaClock.LOCAL_DAY and limit.value > 0
    }
    return {each: found[each] for each in ids if each in found}


def able_mailboxes(session: Session, campaign: Campaign) -> Sequence[Mailbox]:
    """The addresses that new leads of the campaign may be dealt: of its identity, connected, not paused."""
    able = select(Mailbox).where(
        Mailbox.identity_id == campaign.identity_id,
        Mailbox.state.in_(_ABLE),
        Mailbox.paused_at.is_(None),
        Mailbox.removed_at.is_(None),
    )
    if campaign.mailbox_id is not None:
        able = able.where(Mailbox.id == campaign.mailbox_id)
    return session.scalars(able.order_by(Mailbox.id)).all()
