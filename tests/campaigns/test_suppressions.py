"""The suppression list: whom it catches, what may be on it, and that adding ends sequences at once."""

import time
from typing import Any

import pytest
from sqlalchemy import select

from engine.desk import Denied, Problem, perform
from engine.suppression_list import Added, Line, add, add_lines, find, normalise, remove
from engine.suppressions import is_suppressed, suppressed_leads
from storage.database import Database
from storage.kinds import CampaignState, LeadState, Reason, Role, SuppressionKind
from storage.tables import Audit, Campaign, Lead, Suppression
from tests import makers
from tests.makers import MONDAY, OWNER

ADDRESS, DOMAIN, PROFILE = SuppressionKind.ADDRESS, SuppressionKind.DOMAIN, SuppressionKind.LINKEDIN_URL


@pytest.fixture
def client(database: Database) -> int:
    with database.write() as session:
        makers.installation(session)
        makers.user(session)
        return makers.workspace(session).id


def ask(database: Database, client: int, task: Any, actor: Any = OWNER, **values: Any) -> Any:
    return perform(database, actor, client, MONDAY, task, **values)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada@Acme.TEST", (ADDRESS, "ada@acme.test")),
        ("<ada@acme.test>;", (ADDRESS, "ada@acme.test")),
        ("mailto:ada@acme.test", (ADDRESS, "ada@acme.test")),
        ("acme.test", (DOMAIN, "acme.test")),
        ("@acme.test", (DOMAIN, "acme.test")),
        ("*.Acme.test", (DOMAIN, "acme.test")),
        ("bücher.example", (DOMAIN, "xn--bcher-kva.example")),
        ("straße.example", (DOMAIN, "xn--strae-oqa.example")),  # as the addresses there are kept, not "strasse"
        ("bü cher.example", None),
        ("https://fr.linkedin.com/in/Ada/?x=1", (PROFILE, "linkedin.com/in/ada")),
        ("https://linkedin.com/company/acme", None),
        ("acme", None),
        ("ada@", None),
        ("com", None),
        ("=cmd()", None),
        ("", None),
    ],
)
def test_an_entry_is_recognised_and_kept_in_one_form(text: str, expected: Any) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("kind", "value", "email", "profile", "caught"),
    [
        (ADDRESS, "ada@acme.test", "ada@acme.test", "", True),
        (ADDRESS, "ada@acme.test", "bob@acme.test", "", False),
        (DOMAIN, "acme.test", "ada@acme.test", "", True),
        (DOMAIN, "acme.test", "ada@mail.acme.test", "", True),
        (DOMAIN, "acme.test", "ada@notacme.test", "", False),
        (DOMAIN, "mail.acme.test", "ada@acme.test", "", False),
        (PROFILE, "linkedin.com/in/ada", "ada@x.test", "linkedin.com/in/ada", True),
        (PROFILE, "linkedin.com/in/ada", "ada@x.test", "linkedin.com/in/ada2", False),
        (ADDRESS, "ada@acme.test", "", "", False),
    ],
)
def test_who_is_caught(
    database: Database, client: int, kind: SuppressionKind, value: str, email: str, profile: str, caught: bool
) -> None:
    with database.write() as session:
        other = makers.workspace(session).id
        session.add(Suppression(workspace_id=client, kind=kind, value=value, since=MONDAY))
        campaign = makers.campaign(session, makers.identity(session, client))
        lead = makers.lead(session, campaign, email=email, linkedin_url=profile)
        assert suppressed_leads(session, [lead.id]) == ({lead.id} if caught else set())
        assert is_suppressed(session, client, email, profile) is caught
        assert not is_suppressed(session, other, email, profile)


def test_many_leads_are_asked_at_once(database: Database, client: int) -> None:
    with database.write() as session:
        campaign = makers.campaign(session, makers.identity(session, client))
        leads = [makers.lead(session, campaign, email=f"p{n}@d{n}.test").id for n in range(1_200)]
        for number in range(0, 1_200, 100):
            session.add(Suppression(workspace_id=client, kind=DOMAIN, value=f"d{number}.test", since=MONDAY))
        session.flush()
        assert suppressed_leads(session, leads) == set(leads[::100])


def test_adding_says_what_it_did_and_ends_sequences_at_once(database: Database, client: int) -> None:
    with database.write() as session:
        ada = makers.identity(session, client)
        mailbox = makers.mailbox(session, ada)
        campaign = makers.campaign(session, ada)
        emails = ("ada@acme.test", "bob@mail.corp.test", "eve@free.test")
        leads = [makers.lead(session, campaign, email=each, mailbox_id=mailbox.id).id for each in emails]
        for lead_id in leads:
            session.get_one(Lead, lead_id).state = LeadState.ACTIVE
    said = ask(database, client, add, text="email;why\nada@acme.test;x\ncorp.test\nada@acme.test\nnonsense\n\n", why="asked")
    assert (said.added, said.known, said.sequences_ended) == (2, 0, 2)
    assert [(line, text) for line, text, _ in said.refused] == [(5, "nonsense")]
    assert ask(database, client, add, text="corp.test").known == 1
    with database.read() as session:
        states = [session.get_one(Lead, each) for each in leads]
        assert [lead.state for lead in states] == [LeadState.STOPPED, LeadState.STOPPED, LeadState.ACTIVE]
        assert states[0].state_reason is Reason.SUPPRESSED
        assert session.get_one(Campaign, campaign.id).state is CampaignState.RUNNING
        assert "suppressions.added" in set(session.scalars(select(Audit.what)))


@pytest.mark.parametrize("others", [0, 40])  # few are looked for by the database, many in the addresses
def test_a_domain_ends_exactly_the_sequences_at_it_and_below_it(database: Database, client: int, others: int) -> None:
    emails = ["a@acme.test", "b@mail.acme.test", "c@notacme.test", "d@acme.test.org", "e@other.test"]
    with database.write() as session:
        campaign = makers.campaign(session, makers.identity(session, client), state=CampaignState.RUNNING)
        for email in emails:
            makers.lead(session, campaign, email=email, state=LeadState.ACTIVE)
        makers.lead(session, campaign, email="", linkedin_url="linkedin.com/in/x", state=LeadState.ACTIVE)
        elsewhere = makers.campaign(session, makers.identity(session, makers.workspace(session, name="Other").id))
        makers.lead(session, elsewhere, email="f@acme.test", state=LeadState.ACTIVE)
    lines = ["acme.test", "e@other.test", *(f"d{number}.example" for number in range(others))]
    assert ask(database, client, add, text="\n".join(lines)).sequences_ended == 3
    with database.read() as session:
        stopped = session.scalars(select(Lead.email).where(Lead.state == LeadState.STOPPED).order_by(Lead.email))
        assert list(stopped) == ["a@acme.test", "b@mail.acme.test", "e@other.test"]


def test_five_thousand_entries_are_paged_searched_and_filtered(database: Database, client: int) -> None:
    ask(database, client, add, text="\n".join(f"p{n}@acme.test" for n in range(5_000)) + "\nacme.test", why="old list")
    first, last = ask(database, client, find), ask(database, client, find, page=999)
    assert (first.total, first.pages, len(first.rows), last.number, len(last.rows)) == (5_001, 101, 50, 101, 1)
    assert ask(database, client, find, search="p499").total == 11
    assert ask(database, client, find, search="100%").total == 0
    assert ask(database, client, find, search="old_list").total == 0
    assert ask(database, client, find, kind=DOMAIN).total == 1


def test_removing_is_audited_and_the_person_may_be_written_to_again(database: Database, client: int) -> None:
    ask(database, client, add, text="ada@acme.test", why="mistake")
    entry = ask(database, client, find).rows[0]
    ask(database, client, remove, suppression_id=entry.id)
    with database.read() as session:
        assert not is_suppressed(session, client, "ada@acme.test", "")
        line = session.scalars(select(Audit).where(Audit.what == "suppression.removed")).one()
        assert line.old == {"kind": "address", "value": "ada@acme.test", "why": "mistake"}


def test_nothing_given_is_said_and_ops_may_only_read(database: Database, client: int) -> None:
    with pytest.raises(Problem, match="Nothing was given"):
        ask(database, client, add, text=" \n\n")
    with database.write() as session:
        ops = makers.member(session, client, Role.OPS)
    assert ask(database, client, find, actor=ops).total == 0
    with pytest.raises(Denied):
        ask(database, client, add, actor=ops, text="ada@acme.test")


def test_a_file_s_lines_are_added_with_their_own_reasons_and_a_second_time_nothing_changes(
    database: Database, client: int
) -> None:
    lines = [Line(2, "ada@acme.test", "left \n the firm"), Line(3, "ACME.test"), Line(4, "?"), Line(5, "acme.test", "late")]
    said = ask(database, client, add_lines, lines=lines, why=" old list ")
    assert (said.added, said.known, said.refused[0][:2]) == (2, 0, (4, "?"))
    kept = {entry.value: entry.why for entry in ask(database, client, find).rows}
    assert kept == {"ada@acme.test": "left the firm", "acme.test": "old list"}
    again = ask(database, client, add_lines, lines=lines)
    assert (again.added, again.known) == (0, 2)
    both = said.and_then(again)
    assert (both.added, both.known, len(both.refused)) == (2, 2, 2)


@pytest.mark.slow
def test_fifty_thousand_lines_come_in_chunk_by_chunk(database: Database, client: int) -> None:
    lines = [Line(n, f"p{n}@d{n % 900}.test" if n % 50 else f"firm{n}.test", "old") for n in range(50_000)]
    began, total = time.process_time(), Added(0, 0, 0, ())
    for start in range(0, len(lines), 2_500):
        total = total.and_then(ask(database, client, add_lines, lines=lines[start : start + 2_500]))
    assert (total.added, total.known, total.refused) == (50_000, 0, ())
    assert time.process_time() - began < 30
    assert ask(database, client, find).total == 50_000
