"""A provider counts every mail that an address sends: campaign, warm-up and answers draw on one limit for 24 hours."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import counts, situations, why
from engine.mailboxes import LEAST_GAP
from engine.rules.facts import Run, Wait
from engine.rules.permit import permit
from engine.rules.quotas import counted_by
from storage.database import Database
from storage.kinds import ActionKind, ActionState, Gate, Provider, QuotaClock, Reason
from storage.tables import Action, Identity, Lane, Spend
from tests import makers
from tests.makers import MONDAY
from tests.rules.situations import facts

MAIL, WARM_UP = ActionKind.EMAIL, ActionKind.WARM_UP_MAIL
DAY = QuotaClock.ROLLING_24_HOURS
ALWAYS = {"zone": "UTC", "work_days": [1, 2, 3, 4, 5, 6, 7], "work_start": 0, "work_end": 24 * 60}
MICROSOFT_A_MINUTE = 30


def address(session: Session, owner: Identity, guard: int, **values: object) -> int:
    """The lane of a Google address with high limits a day of both kinds and its provider's own limit."""
    box = makers.mailbox(session, owner, provider=Provider.GOOGLE, gap_seconds=LEAST_GAP, limit=1_000, **values)
    lane = session.scalars(select(Lane.id).where(Lane.mailbox_id == box.id)).one()
    makers.limit_of(session, lane, 1_000, kind=WARM_UP)
    makers.limit_of(session, lane, guard, clock=DAY)
    return lane


def spend(session: Session, lane_id: int, kind: ActionKind, *hours_ago: float) -> None:
    for ago in hours_ago:
        at = MONDAY - timedelta(hours=ago)
        lane = session.get_one(Lane, lane_id)
        done = makers.action(session, lane, kind=kind, state=ActionState.ACCEPTED, due_at=at, created_at=at)
        session.add(Spend(action_id=done.id, attempt=1, lane_id=lane_id, kind=kind, at=at, local_day=at.date()))
    session.flush()


def planned(session: Session, lane_id: int) -> list[Action]:
    return [makers.action(session, session.get_one(Lane, lane_id), kind=kind) for kind in (MAIL, WARM_UP)]


def verdicts(session: Session, actions: list[Action], now: datetime) -> list[object]:
    """What the worker is told and, the very same, what a person reads."""
    found = situations.situations(session, [one.id for one in actions], now)
    told = [permit(found[one.id].facts, now) for one in actions]
    read = [why.explain_action(makers.desk(session, one.workspace_id, now=now), one.id) for one in actions]
    assert [one.verdict for one in read] == told
    return [told, {next(gate.detail for gate in one.gates if gate.gate is Gate.ROLLING_LIMITS) for one in read}]


def test_campaign_and_warm_up_mails_fill_one_limit_and_both_wait_for_it(database: Database) -> None:
    with database.write() as session:
        ada = makers.identity(session, makers.workspace(session).id, **ALWAYS)
        lane = address(session, ada, guard=5)
        spend(session, lane, MAIL, 30, 23, 3)
        spend(session, lane, WARM_UP, 25, 22, 2)
        waiting = planned(session, lane)
        told, details = verdicts(session, waiting, MONDAY)
        assert all(isinstance(verdict, Run) for verdict in told)
        assert details == {"limits over days: 4 of 5 used in 24 hours"}
        spend(session, lane, WARM_UP, 1)
        told, details = verdicts(session, waiting, MONDAY)
        first_leaves = MONDAY + timedelta(hours=1)  # the campaign's mail of 23 hours ago
        assert told == [Wait(Reason.ROLLING_24_HOURS_LIMIT, first_leaves)] * 2
        assert details == {"limits over days: 5 of 5 used in 24 hours"}
        told, _ = verdicts(session, waiting, first_leaves)
        assert all(isinstance(verdict, Run) for verdict in told)


def test_a_unit_that_was_given_back_makes_room_for_the_other_kind(database: Database) -> None:
    with database.write() as session:
        ada = makers.identity(session, makers.workspace(session).id, **ALWAYS)
        lane = address(session, ada, guard=2)
        spend(session, lane, WARM_UP, 3, 2)
        waiting = planned(session, lane)
        assert isinstance(verdicts(session, waiting, MONDAY)[0][0], Wait)
        session.scalars(select(Spend)).first().given_back_at = MONDAY
        session.flush()
        assert isinstance(verdicts(session, waiting, MONDAY)[0][0], Run)


def test_what_the_address_sent_for_another_identity_counts_whatever_it_was(database: Database) -> None:
    with database.write() as session:
        client = makers.workspace(session).id
        ada, grace = (makers.identity(session, client, **ALWAYS) for _ in range(2))
        before = address(session, ada, guard=5, address="sales@acme.test", removed_at=MONDAY)
        now = address(session, grace, guard=5, address="sales@acme.test")
        spend(session, before, WARM_UP, 23, 20)
        spend(session, before, MAIL, 21)
        spend(session, now, MAIL, 4)
        spend(session, now, WARM_UP, 3)
        told, details = verdicts(session, planned(session, now), MONDAY)
        assert told == [Wait(Reason.ROLLING_24_HOURS_LIMIT, MONDAY + timedelta(hours=1))] * 2
        assert details == {"limits over days: 5 of 5 used in 24 hours"}


def test_many_addresses_read_at_once_have_each_their_own(database: Database) -> None:
    with database.write() as session:
        ada = makers.identity(session, makers.workspace(session).id, **ALWAYS)
        lanes = [address(session, ada, guard=2) for _ in range(3)]
        for number, lane in enumerate(lanes):
            spend(session, lane, MAIL, *range(1, number + 1))
            spend(session, lane, WARM_UP, 5)
        known = counts.read(session, dict.fromkeys(lanes, ZoneInfo("UTC")), MONDAY)
        uses = [[use for use in known.uses[lane, kind] if use.clock is DAY] for lane in lanes for kind in (MAIL, WARM_UP)]
    assert [(use.used, use.frees_at) for (use,) in uses[::2]] == [
        (1, None),
        (2, MONDAY + timedelta(hours=19)),
        (3, MONDAY + timedelta(hours=22)),
    ]
    assert uses[::2] == uses[1::2]


def test_only_the_provider_s_limit_counts_more_than_its_own_kind() -> None:
    for clock in QuotaClock:
        for kind in ActionKind:
            together = clock is DAY and kind in (MAIL, WARM_UP)
            assert counted_by(kind, clock) == ((MAIL, WARM_UP) if together else (kind,))


@pytest.mark.parametrize("kind", [MAIL, WARM_UP])
def test_the_least_gap_keeps_all_mails_of_an_address_below_microsoft_s_thirty_a_minute(kind: ActionKind) -> None:
    """The gap counts from the address's last mail of any kind: no more than two begin within one minute."""
    assert timedelta(minutes=1) // timedelta(seconds=LEAST_GAP) + 1 <= MICROSOFT_A_MINUTE
    close = facts(kind=kind, gap=timedelta(seconds=LEAST_GAP), last_effect_at=MONDAY - timedelta(seconds=LEAST_GAP - 1))
    verdict = permit(close, MONDAY)
    assert isinstance(verdict, Wait)
    assert verdict.reason is Reason.PACING
