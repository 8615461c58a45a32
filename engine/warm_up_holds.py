"""The campaigns that a warm-up keeps paused: held with their version, handed over, released if still as they were left."""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from engine import sequence
from engine.desk import Desk
from storage.kinds import CampaignState
from storage.tables import Campaign, WarmUp, WarmUpCampaign


def hold(desk: Desk, warm_up: WarmUp, campaign: Campaign, address: str) -> None:
    campaign.state = CampaignState.PAUSED
    campaign.paused_at, campaign.paused_by = desk.now, f"the warm-up of {address}"
    campaign.version += 1
    desk.session.add(WarmUpCampaign(warm_up_id=warm_up.id, campaign_id=campaign.id, version=campaign.version))
    new = {"state": "paused", "by": campaign.paused_by}
    desk.audit(
        "campaign.paused", f"campaign:{campaign.id}", old={"state": "running"}, new=new, identity_id=campaign.identity_id
    )


def hand_over(session: Session, of: WarmUp, to: WarmUp) -> None:
    for row in session.scalars(select(WarmUpCampaign).where(WarmUpCampaign.warm_up_id == of.id)).all():
        session.execute(
            delete(WarmUpCampaign).where(WarmUpCampaign.warm_up_id == to.id, WarmUpCampaign.campaign_id == row.campaign_id)
        )
    session.execute(update(WarmUpCampaign).where(WarmUpCampaign.warm_up_id == of.id).values(warm_up_id=to.id))


def release(desk: Desk, row: WarmUpCampaign, campaign: Campaign) -> None:
    campaign.state = CampaignState.RUNNING
    campaign.paused_at, campaign.paused_by = None, ""
    campaign.version += 1
    row.resumed_at = desk.now
    desk.audit(
        "campaign.resumed",
        f"campaign:{campaign.id}",
        old={"state": "paused"},
        new={"state": "running"},
        identity_id=campaign.identity_id,
    )
    sequence.finish_if_done(desk.session, campaign.id, desk.now)


def held(session: Session, warm_up: WarmUp) -> list[tuple[WarmUpCampaign, Campaign]]:
    rows = session.execute(
        select(WarmUpCampaign, Campaign)
        .join(Campaign, Campaign.id == WarmUpCampaign.campaign_id)
        .where(WarmUpCampaign.warm_up_id == warm_up.id)
        .order_by(Campaign.id)
    )
    return [(row, campaign) for row, campaign in rows]


def as_left(row: WarmUpCampaign, campaign: Campaign) -> bool:
    return campaign.state is CampaignState.PAUSED and campaign.version == row.version


def why_it_stays(campaign: Campaign) -> str:
    if campaign.state is CampaignState.FINISHED:
        return "it is finished"
    return f"{campaign.paused_by or 'a person'} keeps it paused" if campaign.state is CampaignState.PAUSED else "it runs"


def running_campaigns(session: Session, identity_id: int) -> list[Campaign]:
    found = select(Campaign).where(Campaign.identity_id == identity_id, Campaign.state == CampaignState.RUNNING)
    return list(session.scalars(found.order_by(Campaign.id)))
