"""The world of the dashboard's benchmark: 5,000 identities that each have sent something today and have more planned."""

from datetime import datetime
from itertools import count, product
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from engine import clock, sessions
from engine.config import load
from engine.sessions import Browser
from pages.plain import cookies
from practice.crowds import FULL, add_crowds
from storage.kinds import ActionKind, ActionState, CampaignState, LeadState
from storage.tables import Action, Campaign, Lane, Lead, QuotaUse, Spend, Step, User, Workspace
from tests.live import LivePanel

_FIRST = 1_000_001  # beyond the rows that the crowd itself has
_SENT = 3  # mails a lane and day, so that counting them is part of the cost


def prepare(panel: LivePanel) -> tuple[str, int]:
    """Fill the panel's database; answers a signed-in owner's cookie and the workspace's id."""
    database, now = panel.database(), clock.now()
    with database.write() as session:
        owner = User(email="bench@agency.test", name="Bench", password_hash="-", is_owner=True, created_at=now)
        session.add(owner)
        session.flush()
        add_crowds(session, now)
        workspace_id = session.scalars(select(Workspace.id).where(Workspace.name == FULL)).one()
        _plan(session, workspace_id, now)
        token = sessions.begin(session, owner.id, Browser("127.0.0.1", "benchmark"), now)
    database.close()
    name = cookies.session_name(load({"OUTPOST_PORT": str(panel.port), "OUTPOST_DATA": str(panel.folder / "data")}))
    return f"{name}={token}", workspace_id


def _plan(session: Session, workspace_id: int, now: datetime) -> None:
    lanes = session.execute(
        select(Lane.id, Lane.identity_id, Lane.mailbox_id).where(Lane.workspace_id == workspace_id).order_by(Lane.id)
    ).all()
    keys = [(number, *lane) for number, lane in zip(count(_FIRST), lanes)]
    common = {"workspace_id": workspace_id, "created_at": now}
    session.execute(
        insert(Campaign),
        [
            {**common, "id": key, "identity_id": identity, "name": f"Campaign {key}", "state": CampaignState.RUNNING}
            for key, _, identity, _ in keys
        ],
    )
    session.execute(
        insert(Step), [{"id": key, "campaign_id": key, "position": 1, "kind": ActionKind.EMAIL} for key, *_ in keys]
    )
    leads = [
        {
            **common,
            "id": key,
            "campaign_id": key,
            "email": f"lead{key}@bravo.test",
            "state": LeadState.ACTIVE,
            "state_since": now,
            "mailbox_id": mailbox,
        }
        for key, _, _, mailbox in keys
    ]
    session.execute(insert(Lead), leads)
    actions = [
        {
            **common,
            "id": key,
            "identity_id": identity,
            "lane_id": lane,
            "kind": ActionKind.EMAIL,
            "state": ActionState.PLANNED,
            "campaign_id": key,
            "lead_id": key,
            "step_id": key,
            "due_at": now,
        }
        for key, lane, identity, _ in keys
    ]
    session.execute(insert(Action), actions)
    session.execute(update(Lane).where(Lane.workspace_id == workspace_id).values(wake_at=now))
    _send(session, actions, now)


def _send(session: Session, planned: list[dict[str, Any]], now: datetime) -> None:
    """What each lane has sent today."""
    firsts = range(len(planned) + 1, len(planned) * (1 + _SENT) + 1)
    sent = [
        {**one, "id": key, "state": ActionState.ACCEPTED, "lead_id": None, "step_id": None}
        for key, (one, _) in zip(firsts, product(planned, range(_SENT)), strict=True)
    ]
    session.execute(insert(Action), sent)
    counted = {"kind": ActionKind.EMAIL, "local_day": now.date()}
    spends = [{**counted, "action_id": one["id"], "attempt": 1, "lane_id": one["lane_id"], "at": now} for one in sent]
    session.execute(insert(Spend), spends)
    session.execute(insert(QuotaUse), [{**counted, "lane_id": one["lane_id"], "used": _SENT} for one in planned])
