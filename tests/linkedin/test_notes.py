"""A free account's notes: five in 30 days by a clock of our own, beside what LinkedIn's page says of the month."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import linkedin_limits, proofs
from engine.channels.linkedin.outcomes import LeadProblem, LeadProblemKind
from engine.desk import perform
from engine.linkedin_limits import Used
from engine.rules.permit import explain, permit
from engine.situations import gather
from storage.kinds import ActionKind, ActionState, Gate, QuotaClock, Reason
from storage.tables import Action, Spend, Step
from tests import makers
from tests.linkedin.conftest import Office, at_work, connected, with_premium
from tests.linkedin.test_gate_and_freezes import Simulated
from tests.makers import MONDAY

INVITE = ActionKind.CONNECTION_REQUEST
PEOPLE = [f"person-{number}" for number in range(8)]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def doing(office: Office) -> Simulated:
    connected(office)
    return Simulated(office)


def notes(doing: Simulated) -> list[str]:
    return [deed.text for deed in doing.transport.deeds if deed.text]


def work(doing: Simulated, times: int, after: timedelta = 2 * HOUR) -> None:
    for _ in range(times):
        doing.attend(after)


def clock(doing: Simulated) -> Used | None:
    given = {"identity_id": doing.office.identity_id}
    place = (doing.office.outpost.database, makers.OWNER, doing.office.workspace_id, doing.now)
    found = perform(*place, linkedin_limits.of_identity, **given)
    assert found is not None
    return next((one for one in found.clocks if one.clock is QuotaClock.NOTES_30_DAYS), None)


def test_the_sixth_note_waits_until_the_first_has_left_the_thirty_days(doing: Simulated) -> None:
    at_work(doing.office, [INVITE], PEOPLE)
    work(doing, 24)
    assert len(notes(doing)) == 5
    first = doing.transport.deeds[0].at
    with doing.office.outpost.database.read() as session:
        sixth = session.scalars(select(Action.id).where(Action.state == ActionState.DUE).order_by(Action.id)).first()
        assert sixth is not None
        facts = gather(session, [sixth], doing.now)[sixth]
    said = permit(facts, doing.now)
    shown_use = clock(doing)
    assert shown_use is not None
    assert shown_use.frees_at == first + 30 * DAY
    assert (said.reason, said.until) == (Reason.NOTES_LIMIT, first + 30 * DAY)  # type: ignore[union-attr]
    shown = next(each for each in explain(facts, doing.now) if each.gate is Gate.ROLLING_LIMITS)
    assert "5 of 5 notes used in 30 days" in shown.detail
    doing.now = first + 30 * DAY - timedelta(seconds=1)
    doing.attend(timedelta())
    assert len(notes(doing)) == 5
    doing.attend(timedelta(seconds=1))
    assert len(notes(doing)) == 6


def test_a_request_that_may_drop_its_note_goes_out_without_one_and_uses_none(doing: Simulated) -> None:
    at_work(doing.office, [INVITE], PEOPLE)
    with doing.office.outpost.database.write() as session:
        session.scalars(select(Step)).one().may_drop_note = True
    work(doing, 24)
    assert [bool(deed.text) for deed in doing.transport.deeds] == [True] * 5 + [False] * 3
    used = clock(doing)
    assert used is not None
    assert (used.limit, used.used) == (5, 5)
    with doing.office.outpost.database.read() as session:
        assert list(session.scalars(select(Spend.has_note).order_by(Spend.at))) == [True] * 5 + [False] * 3


def test_requests_without_a_note_pass_those_that_wait_for_one(doing: Simulated) -> None:
    at_work(doing.office, [INVITE], PEOPLE)
    at_work(doing.office, [INVITE], [f"other-{number}" for number in range(3)], body="")
    work(doing, 24)
    sent = [deed.slug.partition("-")[0] for deed in doing.transport.deeds]
    assert (sent.count("person"), sent.count("other")) == (5, 3)


def test_a_note_that_was_not_sent_is_given_back(doing: Simulated) -> None:
    at_work(doing.office, [INVITE], PEOPLE)
    doing.transport.says = lambda *_: LeadProblem(LeadProblemKind.FOLLOW_ONLY)
    work(doing, 2)
    doing.transport.says = lambda *_: None
    work(doing, 24)
    assert len(notes(doing)) == 5


def test_premium_writes_as_many_as_it_likes_and_the_clock_comes_back_with_its_end(doing: Simulated) -> None:
    at_work(doing.office, [INVITE], PEOPLE)
    with_premium(doing.office)
    assert clock(doing) is None
    work(doing, 24)
    assert len(notes(doing)) == 8


def test_the_proof_counts_the_notes_again_and_lists_the_one_too_many(doing: Simulated, tmp_path: Path) -> None:
    at_work(doing.office, [INVITE], PEOPLE)
    work(doing, 24)

    def of_notes() -> tuple[list[tuple[int, int, int]], int]:
        with doing.office.outpost.database.read() as session:
            desk = makers.desk(session, doing.office.workspace_id)
            found = proofs.proof(desk, tmp_path / "columns")
        peaks = [(one.most, one.allowed, one.breaches) for one in found.peaks if one.clock is QuotaClock.NOTES_30_DAYS]
        return peaks, sum(one.clock is QuotaClock.NOTES_30_DAYS for one in found.breaches)

    assert of_notes() == ([(5, 5, 0)], 0)
    with doing.office.outpost.database.write() as session:
        kept = session.scalars(select(Spend).order_by(Spend.at.desc())).first()
        assert kept is not None
        waiting = session.scalars(select(Action.id).where(Action.state == ActionState.DUE)).first()
        more = {"action_id": waiting, "attempt": 1, "at": kept.at + HOUR, "local_day": kept.local_day, "has_note": True}
        session.add(Spend(lane_id=kept.lane_id, kind=INVITE, **more))
    assert of_notes() == ([(6, 5, 1)], 1)
    assert doing.now > MONDAY
