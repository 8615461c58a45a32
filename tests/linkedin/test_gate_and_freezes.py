"""What the last gate asks before the click, and what LinkedIn's own warnings freeze: on a clock of the test's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from engine.channels.linkedin.outcomes import Blocked, BlockedKind, Done, LinkedInOutcome, Person
from engine.hands import Hands
from engine.linkedin_hand import LINKEDIN_KINDS, LinkedInHand
from storage.kinds import ActionKind, ActionState, LinkedInState, Reason
from storage.tables import Action, Freeze, Identity, LinkedInAccount, QuotaUse, Step
from tests.linkedin.conftest import Doing, NoMail, Office, at_work, connected
from tests.linkedin.transport import Transport
from tests.makers import MONDAY

INVITE, WRITE = ActionKind.CONNECTION_REQUEST, ActionKind.LINKEDIN_MESSAGE
FRIEND = "ada-known"


@dataclass
class Simulated(Doing):
    """Carries out what is due without a browser."""

    def __post_init__(self) -> None:
        self.transport = Transport(lambda: self.now)
        self.transport.connected[str(self.office.identity_id)].add(FRIEND)

    def hands(self) -> Hands:
        hand = LinkedInHand(self.office.outpost.database, self.office.outpost.vault, self.transport, lambda: self.now)  # type: ignore[arg-type]
        return Hands(NoMail(), lambda *_: None, lambda *_: None, dict.fromkeys(LINKEDIN_KINDS, hand))  # type: ignore[arg-type,return-value]


@pytest.fixture
def doing(office: Office) -> Simulated:
    connected(office)
    return Simulated(office)


def done(doing: Simulated) -> list[tuple[str, str]]:
    return [(deed.what, deed.slug) for deed in doing.transport.deeds]


def reasons(doing: Simulated) -> list[Reason | None]:
    with doing.office.outpost.database.read() as session:
        return list(session.scalars(select(Action.reason).order_by(Action.id)))


def says(outcome: LinkedInOutcome, *whats: str) -> object:
    def answer(what: str, _identity: str, _person: Person) -> LinkedInOutcome | None:
        return outcome if what in whats else None

    return answer


def state(doing: Simulated) -> LinkedInState:
    with doing.office.outpost.database.read() as session:
        return session.get_one(Identity, doing.office.identity_id).linkedin_state


@pytest.mark.parametrize(
    ("work_end", "begins", "reads", "clicks"),
    [
        (24 * 60, "2026-11-24 23:30", 40, 0),  # the page was still being read when the local day ended
        (24 * 60, "2026-11-24 23:30", 20, 1),
        (18 * 60, "2026-11-24 17:30", 40, 0),  # or when the working day closed
        (18 * 60, "2026-11-24 17:30", 20, 1),
    ],
)
def test_no_click_comes_after_midnight_or_closing(
    doing: Simulated, work_end: int, begins: str, reads: int, clicks: int
) -> None:
    with doing.office.outpost.database.write() as session:
        ada = session.get_one(Identity, doing.office.identity_id)
        ada.zone, ada.work_end = "UTC", work_end
    at_work(doing.office, [INVITE], ["marie-curie"])
    doing.transport.meanwhile = lambda: setattr(doing, "now", doing.now + timedelta(minutes=reads))
    doing.now = datetime.fromisoformat(begins).replace(tzinfo=MONDAY.tzinfo)
    reached = doing.attend(timedelta()).state
    assert reached is (ActionState.ACCEPTED if clicks else ActionState.FAILED_TEMPORARY)
    assert len(done(doing)) == clicks
    with doing.office.outpost.database.read() as session:
        assert session.scalar(select(func.sum(QuotaUse.used)).where(QuotaUse.kind == INVITE)) == clicks


def test_the_weekly_limit_freezes_invitations_alone_for_seven_days(doing: Simulated) -> None:
    at_work(doing.office, [INVITE], ["marie-curie", "lise-meitner"])
    doing.transport.says = says(Blocked(BlockedKind.WEEKLY_LIMIT, "Reached."), "invite")  # type: ignore[assignment]
    assert doing.attend().state is ActionState.FAILED_TEMPORARY
    began = doing.now
    doing.transport.says = lambda *_: None
    at_work(doing.office, [WRITE], [FRIEND])
    assert _attend(doing, [began + timedelta(hours=1 + 12 * half) for half in range(13)]) == {None, ActionState.ACCEPTED}
    assert done(doing) == [("message", FRIEND)]
    _attend(doing, [began + timedelta(days=7, hours=12 * half) for half in range(4)])
    assert sorted(done(doing)[1:]) == [("invite", "lise-meitner"), ("invite", "marie-curie")]


def test_a_restriction_freezes_the_identity_until_a_date(doing: Simulated) -> None:
    at_work(doing.office, [INVITE], ["marie-curie"])
    at_work(doing.office, [WRITE], [FRIEND])
    doing.transport.says = says(Blocked(BlockedKind.RESTRICTED, "Restricted until Friday."), "invite", "message")  # type: ignore[assignment]
    assert doing.attend().state is ActionState.FAILED_TEMPORARY
    began = doing.now
    doing.transport.says = lambda *_: None
    with doing.office.outpost.database.read() as session:
        frozen = session.scalars(select(Freeze)).one()
        assert (frozen.kind, frozen.until, frozen.reason) == (None, began + timedelta(days=7), Reason.RESTRICTED)
        assert session.scalars(select(LinkedInAccount.state_note)).one() == "Restricted until Friday."
    assert state(doing) is LinkedInState.RESTRICTED
    with doing.office.outpost.database.write() as session:  # even a connection made again does not end the freeze
        session.get_one(Identity, doing.office.identity_id).linkedin_state = LinkedInState.CONNECTED
    assert _attend(doing, [began + timedelta(hours=12 * half) for half in range(1, 14)]) == {None}
    assert set(reasons(doing)) <= {Reason.RESTRICTED, Reason.FROZEN}
    _attend(doing, [began + timedelta(days=7, hours=12 * half) for half in range(4)])
    assert sorted(done(doing)) == [("invite", "marie-curie"), ("message", FRIEND)]


def test_three_unknown_pages_in_a_row_pause_the_identity_and_one_known_page_begins_anew(doing: Simulated) -> None:
    people = [f"person-{number}" for number in range(8)]
    at_work(doing.office, [INVITE], people)
    drift = says(Blocked(BlockedKind.DRIFT, "LinkedIn's page is not as expected: no profile card."), "invite")
    doing.transport.says = drift  # type: ignore[assignment]
    for _ in range(2):
        assert doing.attend().state is ActionState.FAILED_TEMPORARY
    doing.transport.says = lambda *_: None
    assert doing.attend().state is ActionState.ACCEPTED
    doing.transport.says = drift  # type: ignore[assignment]
    for before in range(3):
        assert (before, state(doing)) == (before, LinkedInState.CONNECTED)
        assert doing.attend().state is ActionState.FAILED_TEMPORARY
    assert state(doing) is LinkedInState.CAPTCHA
    doing.transport.says = lambda *_: None
    assert _attend(doing, [doing.now + timedelta(hours=12 * half) for half in range(1, 6)]) == {None}
    assert len(done(doing)) == 1
    with doing.office.outpost.database.read() as session:
        assert "3 times in a row" in session.scalars(select(LinkedInAccount.state_note)).one()


@pytest.mark.parametrize("may_drop", [True, False])
@pytest.mark.parametrize("told", ["the last one went", "none is left"])
def test_without_notes_a_request_goes_bare_if_the_campaign_allows_and_waits_for_the_month_if_not(
    doing: Simulated, told: str, may_drop: bool
) -> None:
    at_work(doing.office, [INVITE], ["marie-curie", "lise-meitner"])
    with doing.office.outpost.database.write() as session:
        session.scalars(select(Step)).one().may_drop_note = may_drop
    last = Done({"slug": "x", "state": "pending", "notes_left": 0})
    outcome = last if told == "the last one went" else Blocked(BlockedKind.NOTE_QUOTA, "No more notes this month.")
    doing.transport.says = says(outcome, "invite")  # type: ignore[assignment]
    doing.attend()
    doing.transport.says = lambda *_: None
    open_ = 1 if told == "the last one went" else 2
    _attend(doing, [doing.now + timedelta(hours=12 * half) for half in range(1, 10)])
    assert [deed.text for deed in doing.transport.deeds] == ([""] * open_ if may_drop else [])
    _attend(doing, [datetime(2026, 12, 1, 9, 0, tzinfo=MONDAY.tzinfo) + timedelta(hours=12 * half) for half in range(4)])
    texts = [deed.text for deed in doing.transport.deeds]
    assert len(texts) == open_
    assert all(text.startswith("Hello ") for text in texts) is not may_drop


def _attend(doing: Simulated, instants: Sequence[datetime]) -> set[ActionState | None]:
    states = set()
    for instant in instants:
        doing.now = instant
        states.add(doing.attend(timedelta()).state)
    return states
