"""Leads come back with their address a piece at a time: whatever happens between two pieces, it is still exactly those."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from sqlalchemy import select
from streamlit.delta_generator import DeltaGenerator

from engine import campaigns, disconnecting, long_jobs, mailboxes, provider_sign_in, sequence
from engine.channels.effects import Accepted
from engine.connections.oauth import Denial
from engine.disconnecting import Healed, heal_more, healings_waiting
from engine.pieces import paced
from pages.identities import leads_back
from storage.database import Database
from storage.kinds import CampaignState, LeadState, MailboxState, Provider, Reason
from storage.tables import Audit, Campaign, Disconnection, Mailbox
from tests import makers
from tests.fresh import new_database
from tests.mail.test_disconnecting import Addresses, Town
from tests.makers import OWNER
from tests.panel import Panel

FAILED = (LeadState.FAILED, Reason.ADDRESS_DISCONNECTED)


@pytest.fixture(autouse=True)
def two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disconnecting, "CHUNK", 2)


class Half:
    """Ten leads, five on either address; the first was disconnected and connected again: two of its five are back."""

    def __init__(self, database: Database) -> None:
        self.town = Town(database, 10)
        self.home = self.town.boxes[0].id
        self.mine = self.town.leads[::2]
        self.town.send(self.mine[0])
        self.before = self.standing()
        self.town.do(mailboxes.disconnect, mailbox_id=self.home)
        self.town.connect(0)

    def standing(self) -> list[tuple[Any, ...]]:
        return [self.town.standing(each) for each in self.town.leads]

    def back(self) -> list[bool]:
        return [self.town.state(each)[0] is LeadState.ACTIVE for each in self.mine]

    def waiting(self) -> list[int]:
        with self.town.database.read() as session:
            return healings_waiting(session)

    def shown(self) -> tuple[int, int]:
        (card, _) = self.town.do(mailboxes.list_of, identity_id=self.town.ada.id)
        return card.coming_back, card.waiting_leads

    def carry_on(self) -> None:
        long_jobs.carry_on(self.town.database, self.town.now)

    def set_state(self, state: MailboxState) -> None:
        with self.town.database.write() as session:
            session.get_one(Mailbox, self.home).state = state


@pytest.fixture
def half(database: Database) -> Half:
    return Half(database)


def test_who_connects_it_brings_back_the_first_and_the_worker_all_others(half: Half) -> None:
    assert half.back() == [True, True, False, False, False]
    assert (half.shown(), half.waiting()) == ((3, 0), [half.home])
    half.carry_on()
    assert half.standing() == half.before
    assert (half.shown(), half.waiting()) == ((0, 0), [])
    half.carry_on()
    assert half.standing() == half.before
    with half.town.database.read() as session:
        told = session.execute(
            select(Audit.what, Audit.actor, Audit.new["leads_back"].as_integer()).order_by(Audit.id)
        ).all()
        row = session.scalars(select(Disconnection)).one()
    assert [tuple(line) for line in told][-2:] == [
        ("mailbox.reconnected", "owner@outpost.test", 2),
        ("mailbox.leads_back", "worker", 5),
    ]
    assert (row.leads, row.healed, row.healed_at) == (5, 5, half.town.now)


def test_the_page_brings_them_back_with_what_remains_of_them(half: Half) -> None:
    told = [half.town.do(heal_more, mailbox_id=half.home) for _ in range(3)]
    assert told == [Healed(4, 1), Healed(5, 0), Healed(0, 0)]
    assert half.standing() == half.before


def test_disconnected_again_before_all_were_back_all_of_them_fail_and_all_come_back(half: Half) -> None:
    assert half.town.do(mailboxes.disconnect, mailbox_id=half.home, remove=True).leads == 2
    assert [half.town.state(each) for each in half.mine] == [FAILED] * 5
    assert half.waiting() == []
    half.carry_on()
    assert half.town.do(heal_more, mailbox_id=half.home) == Healed(0, 0)
    assert [half.town.state(each) for each in half.mine] == [FAILED] * 5
    half.town.connect(0)
    half.carry_on()
    assert half.standing() == half.before
    with half.town.database.read() as session:
        assert session.execute(select(Disconnection.leads, Disconnection.healed)).all() == [(5, 5)]


def test_an_address_that_breaks_before_all_were_back_keeps_the_others_until_it_works(half: Half) -> None:
    half.set_state(MailboxState.RECONNECT_NEEDED)
    half.carry_on()
    assert half.back() == [True, True, False, False, False]
    assert half.shown() == (0, 3)
    half.town.connect(0)
    half.carry_on()
    assert half.standing() == half.before


def test_a_refused_sign_in_of_an_address_that_is_disconnected_brings_nobody_back(half: Half) -> None:
    half.town.do(mailboxes.disconnect, mailbox_id=half.home)
    address = half.town.boxes[0].address
    asked = {"identity_id": half.town.ada.id, "provider": Provider.MICROSOFT, "address": address}
    half.town.do(provider_sign_in.note_refusal, **asked, denial=Denial.REFUSED, sentence="No.")
    assert half.town.box(0).state is MailboxState.REFUSED
    assert half.waiting() == []
    assert half.town.do(heal_more, mailbox_id=half.home) == Healed(0, 0)


def test_a_reply_between_two_pieces_ends_its_lead_and_the_campaign_waits_for_the_last(half: Half) -> None:
    with half.town.database.write() as session:
        ended = [*half.mine[:3], *half.town.leads[1::2]]
        sequence.end(session, ended, LeadState.REPLIED, Reason.LEAD_REPLIED, "worker", half.town.now)
        assert session.get_one(Campaign, half.town.campaign.id).state is CampaignState.RUNNING
    half.carry_on()
    replied = (LeadState.REPLIED, Reason.LEAD_REPLIED)
    assert [half.town.state(each) for each in half.mine] == [replied] * 3 + [(LeadState.ACTIVE, None)] * 2


def test_a_campaign_finished_between_two_pieces_gets_nobody_back(half: Half) -> None:
    half.town.do(campaigns.finish, campaign_id=half.town.campaign.id)
    half.carry_on()
    assert not any(half.back())
    assert half.waiting() == []


def test_what_is_back_goes_out_while_the_others_are_still_to_come(half: Half) -> None:
    flying = half.town.begin_sending(half.mine[1])
    half.carry_on()
    assert flying is not None
    half.town.settle(flying, Accepted({}))
    assert all(half.back())
    assert [half.town.standing(each) for each in half.mine[2:]] == [half.before[number] for number in (4, 6, 8)]


def test_the_card_says_how_many_are_still_to_come_and_brings_them_back_at_a_click(panel: Panel) -> None:
    with panel.database.write() as session:
        makers.user(session, id=OWNER.user_id, is_owner=True)
    half = Half(panel.database)
    page = panel.open("identity", OWNER, half.town.ada.workspace_id, id=half.town.ada.id, section="email")
    assert [one.value for one in page.info] == ["3 leads are still to come back with this address; the worker goes on."]
    page.button(key=f"heal-{half.home}").click().run()
    assert not page.info
    assert half.standing() == half.before


@pytest.mark.parametrize("breaks", [True, False], ids=["the address breaks", "the worker does the rest"])
def test_a_click_whose_last_piece_finds_nothing_to_do_says_why_only_where_the_address_broke(
    panel: Panel, monkeypatch: pytest.MonkeyPatch, breaks: bool
) -> None:
    with panel.database.write() as session:
        makers.user(session, id=OWNER.user_id, is_owner=True)
    half = Half(panel.database)
    drawn: list[str] = []

    def with_a_turn_of_another(piece: Callable[[], Healed], goes_on: Callable[[Healed], bool]) -> Healed:
        def and_then() -> Healed:
            done = piece()
            half.set_state(MailboxState.RECONNECT_NEEDED) if breaks else half.carry_on()
            return done

        return paced(and_then, goes_on)

    def progress(_bar: object, _share: float, text: str) -> None:
        drawn.append(text)

    monkeypatch.setattr(leads_back, "paced", with_a_turn_of_another)
    monkeypatch.setattr(DeltaGenerator, "progress", progress)
    page = panel.open("identity", OWNER, half.town.ada.workspace_id, id=half.town.ada.id, section="email")
    page.button(key=f"heal-{half.home}").click().run()
    assert (drawn, half.shown()) == (["4 are back, 1 remain"], (0, 1) if breaks else (0, 0))
    address = half.town.boxes[0].address
    told = [f"{address} is not connected any more; the others come back once it is connected again."] if breaks else []
    assert [each.value.replace("\u2060", "") for each in page.toast] == told  # a joiner keeps it from becoming a link


class Halves(Addresses):
    """The same in any order, with a piece more or the worker's turn at any moment."""

    @rule(number=st.integers(0, 1))
    def reconnect(self, number: int) -> None:
        if self.gone[number]:
            self.town.connect(number)
            self.gone[number] = False
            self.look(number)

    @rule(number=st.integers(0, 1))
    def a_piece_more(self, number: int) -> None:
        done = self.town.do(heal_more, mailbox_id=self.town.boxes[number].id)
        assert done.back + done.remaining == 0 or not self.gone[number]
        self.look(number)

    @rule()
    def the_worker_goes_on(self) -> None:
        long_jobs.carry_on(self.town.database, self.town.now)
        for number in (0, 1):
            self.look(number)
            if not self.gone[number]:
                assert not self.kept[number] or not self.goes_on()

    def look(self, number: int) -> None:
        """Who is back stands as before; while the address is away nobody is."""
        for lead_id, how in list(self.kept[number].items()):
            if self.town.state(lead_id)[0] is LeadState.ACTIVE:
                assert not self.gone[number]
                assert self.town.standing(lead_id) == how
                del self.kept[number][lead_id]
            else:
                assert self.town.state(lead_id) == FAILED


@pytest.fixture(scope="module")
def one_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = new_database(tmp_path_factory.mktemp("halves") / "outpost.db")
    yield opened
    opened.close()


def test_in_any_order_exactly_those_come_back_who_failed(one_database: Database) -> None:
    Halves.database = one_database
    run_state_machine_as_test(Halves, settings=settings(max_examples=15, stateful_step_count=20, deadline=None))
