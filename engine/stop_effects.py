"""What a Stop would hold, counted before it is pressed, and when the last action began after it was."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, text, true

from engine.desk import Desk, use_case
from storage.kinds import ActionState, CampaignState, Permission
from storage.tables import UNSETTLED, Action, Campaign, Identity, Lane


@dataclass(frozen=True, slots=True)
class Held:
    """`in_flight` actions may still end; nothing else begins. `last_effect_at` is when the last action began."""

    identities: int
    campaigns: int
    in_flight: int
    last_effect_at: datetime | None


@use_case(needs=Permission.PRESS_STOP, reads=True)
def of_workspace(desk: Desk) -> Held:
    return _held(desk, Identity.workspace_id == desk.workspace)


@use_case(needs=Permission.PRESS_STOP, reads=True)
def of_identity(desk: Desk, identity_id: int) -> Held:
    return _held(desk, Identity.id == identity_id)


@use_case(needs=Permission.OWN, reads=True)
def of_installation(desk: Desk) -> Held:
    return _held(desk, true())


def _held(desk: Desk, within: ColumnElement[bool]) -> Held:
    count = desk.session.scalar
    live = and_(within, Identity.archived_at.is_(None))
    running = select(func.count()).select_from(Campaign).join(Identity, Identity.id == Campaign.identity_id)
    unsettled = select(func.count()).select_from(Action).join(Identity, Identity.id == Action.identity_id)
    last = select(func.max(Lane.last_effect_at)).join(Identity, Identity.id == Lane.identity_id)
    return Held(
        identities=count(select(func.count()).select_from(Identity).where(live)) or 0,
        campaigns=count(running.where(within, Campaign.state == CampaignState.RUNNING)) or 0,
        in_flight=count(unsettled.where(within, text(f"action.{UNSETTLED}"), Action.state == ActionState.SENDING)) or 0,
        last_effect_at=count(last.where(within)),
    )
