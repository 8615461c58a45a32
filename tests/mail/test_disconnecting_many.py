"""Disconnecting an address on which a thousand leads are: as sets, and still exactly those, or none at all."""

from typing import Any

import pytest
from sqlalchemy import func, select

from engine import mailboxes, sequence
from storage.database import Database
from storage.kinds import ActionState, CampaignState, LeadState, Reason
from storage.tables import Action, Campaign, DisconnectedLead, Disconnection, Event, Lead
from tests.mail.test_disconnecting import Town

MANY = 1_000


def failed(town: Town) -> set[int]:
    with town.database.read() as session:
        return set(session.scalars(select(Lead.id).where(Lead.state == LeadState.FAILED)))


def test_whoever_fails_is_remembered_and_told_in_the_ledger_once(database: Database) -> None:
    town = Town(database, MANY)
    on_it, beside = town.leads[0::2], town.leads[1::2]
    town.send(on_it[0])  # waits for its second step
    flying = town.begin_sending(on_it[1])
    town.do(mailboxes.disconnect, mailbox_id=town.boxes[0].id)
    assert failed(town) == set(on_it)
    with database.read() as session:
        assert set(session.scalars(select(DisconnectedLead.lead_id))) == set(on_it)
        assert session.scalars(select(Disconnection.leads)).all() == [MANY // 2]
        cancelled = session.execute(
            select(Event.action_id, Event.before, Event.reason, Event.local_day, Event.actor, Event.spent, Event.attempt)
            .where(Event.after == ActionState.CANCELLED)
            .order_by(Event.action_id)
        ).all()
        assert [row[0] for row in cancelled] == sorted(
            session.scalars(select(Action.id).where(Action.state == ActionState.CANCELLED, Action.final_at == town.now))
        )
        assert {tuple(row[1:]) for row in cancelled} == {
            (ActionState.PLANNED, Reason.ADDRESS_DISCONNECTED, town.now.date(), "owner@outpost.test", 0, 0)
        }
        of_leads = session.execute(select(Action.lead_id, Action.state).where(Action.state != ActionState.ACCEPTED))
        by_state: dict[ActionState, set[int | None]] = {}
        for lead_id, state in of_leads:
            by_state.setdefault(state, set()).add(lead_id)
        assert by_state == {
            ActionState.CANCELLED: set(on_it) - {on_it[1]},
            ActionState.SENDING: {on_it[1]},
            ActionState.PLANNED: set(beside),
        }
    assert flying is not None


def test_what_breaks_in_the_middle_leaves_everything_as_it_was(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: Any) -> None:
        raise OSError("No space left on device")

    town = Town(database, 40)
    before = [town.standing(lead) for lead in town.leads]
    monkeypatch.setattr(sequence, "_finish_if_done", full)
    with pytest.raises(OSError, match="No space"):
        town.do(mailboxes.disconnect, mailbox_id=town.boxes[0].id)
    assert [town.standing(lead) for lead in town.leads] == before
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(DisconnectedLead)) == 0


def test_a_campaign_whose_last_leads_fail_with_their_address_waits_for_it(database: Database) -> None:
    town = Town(database, 4)
    town.do(mailboxes.disconnect, mailbox_id=town.boxes[0].id)
    town.do(mailboxes.disconnect, mailbox_id=town.boxes[1].id)
    with database.write() as session:
        assert session.scalars(select(Campaign.state)).all() == [CampaignState.RUNNING]
    town.connect(0)
    town.connect(1)
    assert failed(town) == set()
