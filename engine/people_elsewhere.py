"""Which leads another campaign, of this client or of another, is writing to at the moment."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, or_, select
from sqlalchemy.orm import Session

from engine import sequence
from engine.suppressions import chunks
from storage.kinds import CampaignState, LeadState
from storage.tables import Campaign, Lead

_CHUNK = 500
_WRITING = (CampaignState.RUNNING, CampaignState.PAUSED)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The campaign that writes to a lead. Its name may be shown to those who may see its identity, and to nobody else."""

    workspace_id: int
    identity_id: int
    campaign_id: int
    campaign_name: str


def written_to_elsewhere(
    session: Session, campaign_id: int, lead_ids: Sequence[int], *, now_only: bool = False
) -> dict[int, Elsewhere]:
    """lead id → the campaign that is already writing to that person, for those of the leads that have one.

    One whose address is disconnected is written to as well: connecting the address again goes on with it. `now_only`
    leaves those out, for whoever decides which of them go on.
    """
    still = Lead.state == LeadState.ACTIVE if now_only else or_(Lead.state == LeadState.ACTIVE, sequence.HEALABLE)
    found: dict[int, Elsewhere] = {}
    for chunk in chunks(lead_ids, _CHUNK):
        people = session.execute(select(Lead.id, Lead.email, Lead.linkedin_url).where(Lead.id.in_(chunk))).all()
        busy = _busy(session, campaign_id, people, still)
        for lead_id, email, linkedin_url in people:
            where = busy.get(email) or busy.get(linkedin_url)
            if where is not None:
                found[lead_id] = where
    return found


def _busy(
    session: Session, campaign_id: int, people: Sequence[Row[int, str, str]], still: ColumnElement[bool]
) -> dict[str, Elsewhere]:
    busy: dict[str, Elsewhere] = {}
    for column, values in ((Lead.email, [row[1] for row in people]), (Lead.linkedin_url, [row[2] for row in people])):
        wanted = [value for value in values if value]
        if not wanted:
            continue
        rows = session.execute(
            select(column, Campaign.workspace_id, Campaign.identity_id, Campaign.id, Campaign.name)
            .join(Campaign, Campaign.id == Lead.campaign_id)
            .where(
                column.in_(wanted),
                column != "",
                still,
                Lead.campaign_id != campaign_id,
                Campaign.state.in_(_WRITING),
            )
            .order_by(Lead.id.desc())
        )
        busy.update((row[0], Elsewhere(row[1], row[2], row[3], row[4])) for row in rows)
    return busy
