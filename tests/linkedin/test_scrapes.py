"""Reading Sales Navigator into leads: each person once, by the checks of any import, within the limits of seat and share."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from engine import (
    activities,
    campaigns,
    known_people,
    linkedin_limits,
    recovery,
    scrape_keeping,
    scrapes,
    seats,
    sequence,
    workspaces,
)
from engine.channels.linkedin.outcomes import (
    Blocked,
    BlockedKind,
    LeadProblem,
    LeadProblemKind,
    LinkedInOutcome,
    NotDone,
    SalesLead,
)
from engine.desk import Problem
from engine.lead_rows import Person
from engine.rules.facts import Run, Wait
from practice.linkedin.navigator import Found, somebody
from storage.kinds import ActionKind, ActionState, CampaignState, LinkedInState, Reason, ScrapeState, SuppressionKind
from storage.tables import (
    Action,
    Alert,
    Audit,
    Campaign,
    Identity,
    Lane,
    Lead,
    LinkedInInvitation,
    QuotaUse,
    Scrape,
    Suppression,
)
from tests import makers
from tests.linkedin.sales_office import Office, begin, connect, sales_office_in

DAY = timedelta(days=1)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with sales_office_in(tmp_path) as opened:
        yield opened


def leads(office: Office) -> list[Lead]:
    with office.outpost.database.read() as session:
        return list(session.scalars(select(Lead).order_by(Lead.id)))


def test_a_search_becomes_leads_with_their_public_profiles_each_page_a_scraping(office: Office) -> None:
    scrape_id = begin(office.outpost, office.adas, office.ada, most=30)
    office.reader.read_all(office.ada, scrape_id)
    came = leads(office)
    assert [lead.linkedin_url for lead in came] == [f"linkedin.com/in/{somebody(number).slug}" for number in range(30)]
    one, known = came[7], somebody(7)
    assert (f"{one.first_name} {one.last_name}", one.job_title, one.company) == (known.name, known.title, known.company)
    assert one.fields == {"place": known.place}
    reading = office.reading(office.adas)
    assert (reading.state, reading.found, reading.leads, reading.told) == (ScrapeState.DONE, 30, 30, 60)
    assert reading.note == "It has more people than the 30 that were asked for."
    assert office.spent() == 30 + 2
    assert len(office.navigator.opened) == 32


def test_it_is_audited_from_its_start_to_its_end(office: Office) -> None:
    scrape_id = begin(office.outpost, office.adas, office.ada, most=1)
    office.reader.read_all(office.ada, scrape_id)
    with office.outpost.database.read() as session:
        lines = session.scalars(select(Audit).where(Audit.what.startswith("scrape.")).order_by(Audit.id)).all()
    assert [(line.what, line.actor, line.subject) for line in lines] == [
        ("scrape.started", makers.OWNER.label, f"campaign:{office.adas}"),
        ("scrape.done", "worker", f"campaign:{office.adas}"),
    ]


def test_whoever_the_import_would_name_is_named_and_everybody_else_comes_in(office: Office) -> None:
    hidden = Found("ACwAAhidden", "LinkedIn Member", "x", "Buyer", "Vela Optics")
    office.navigator.people = [somebody(0), hidden, somebody(2), somebody(3), somebody(4)]
    office.navigator.says = lambda page: {
        somebody(2).name: SalesLead(""),
        somebody(3).name: LeadProblem(LeadProblemKind.NOT_FOUND, "This profile is not on LinkedIn any more."),
    }.get(page)
    with office.outpost.database.write() as session:
        mine = session.get_one(Campaign, office.adas)
        makers.lead(session, mine, email="", linkedin_url=f"linkedin.com/in/{somebody(0).slug}")
    scrape_id = begin(office.outpost, office.adas, office.ada)
    office.reader.read_all(office.ada, scrape_id)
    assert office.problems(scrape_id) == {
        1: f"{somebody(0).name}: linkedin.com/in/{somebody(0).slug} is already in this campaign.",
        2: "LinkedIn Member: LinkedIn hides this person's name, and a name is compared before anybody is written to.",
        3: f"{somebody(2).name}: Their page in Sales Navigator shows no public profile.",
        4: f"{somebody(3).name}: This profile is not on LinkedIn any more.",
    }
    assert [lead.linkedin_url for lead in leads(office)[1:]] == [f"linkedin.com/in/{somebody(4).slug}"]


def test_what_the_launch_leaves_out_and_who_is_in_cool_down_is_told_beforehand(office: Office) -> None:
    office.navigator.people = [somebody(number) for number in range(4)]
    profiles = [f"linkedin.com/in/{one.slug}" for one in office.navigator.people]
    with office.outpost.database.write() as session:
        listed = {"kind": SuppressionKind.LINKEDIN_URL, "value": profiles[0], "since": makers.LONG_AGO}
        session.add(Suppression(workspace_id=office.workspace_id, **listed))
        busy = makers.campaign(session, session.get_one(Identity, office.bob))
        makers.lead(session, busy, email="", linkedin_url=profiles[1], state="active")
        gone = {"workspace_id": office.workspace_id, "identity_id": office.bob, "profile": profiles[2]}
        session.add(LinkedInInvitation(**gone, sent_at=makers.LONG_AGO, withdrawn_at=office.reader.now - DAY))
    scrape_id = begin(office.outpost, office.adas, office.ada)
    office.reader.read_all(office.ada, scrape_id)
    with office.outpost.database.read() as session:
        held = scrapes.held_back(makers.desk(session, office.workspace_id, now=office.reader.now), scrape_id=scrape_id)
    assert (held.suppressed, held.elsewhere, held.cooling) == (1, 1, 1)
    assert held.free_again == makers.MONDAY + 20 * DAY


def test_what_was_read_before_is_not_opened_again_and_a_csv_knows_it(office: Office) -> None:
    office.navigator.people = [somebody(number) for number in range(3)]
    office.reader.read_all(office.ada, begin(office.outpost, office.adas, office.ada))
    office.navigator.people.append(somebody(3))
    again = begin(office.outpost, office.adas, office.ada, now=office.reader.now)
    opened = len(office.navigator.opened)
    office.reader.read_all(office.ada, again)
    assert office.navigator.opened[opened:] == [(str(office.ada), "page 1"), (str(office.ada), somebody(3).name)]
    assert len(office.problems(again)) == 3
    with office.outpost.database.read() as session:
        asked = Person(1, "", f"linkedin.com/in/{somebody(3).slug}")
        where = known_people.places_of(session, office.adas, [asked])
    assert set(where.values()) == {"this campaign (from a Sales Navigator search)"}


def test_an_identity_without_a_seat_reads_within_what_another_shares_and_no_further(office: Office) -> None:
    with pytest.raises(Problem, match="not shared"):
        begin(office.outpost, office.bobs, office.ada)
    with office.outpost.database.write() as session:
        seats.share(makers.desk(session, office.workspace_id), identity_id=office.ada, value=4)
    scrape_id = begin(office.outpost, office.bobs, office.ada)
    for _ in range(8):
        office.reader.read(office.ada)
    assert len(office.navigator.opened) == 4
    told = office.reading(office.bobs).verdict
    assert isinstance(told, Wait)
    assert told.reason is Reason.SHARE_USED_UP
    own = begin(office.outpost, office.adas, office.ada, most=2, now=office.reader.now)
    office.reader.read_all(office.ada, own, most=6)  # what is shared being used up keeps Ada's own from nothing
    office.reader.now = told.until or office.reader.now
    office.reader.read(office.ada, timedelta(minutes=31))
    assert (len(office.navigator.opened), office.reading(office.bobs).id) == (8, scrape_id)


def test_the_activity_says_what_was_read_and_nothing_of_another_identitys(office: Office) -> None:
    with office.outpost.database.write() as session:
        seats.share(makers.desk(session, office.workspace_id), identity_id=office.ada, value=9)
    office.reader.read_all(office.ada, begin(office.outpost, office.adas, office.ada, most=1))
    office.reader.read_all(office.ada, begin(office.outpost, office.bobs, office.ada, most=1, now=office.reader.now))
    with office.outpost.database.read() as session:
        told = activities.lines(makers.desk(session, office.workspace_id), identity_id=office.ada)
        campaign = session.get_one(Campaign, office.adas).name
    read = [(line.read, line.campaign) for line in reversed(told) if line.state is ActionState.ACCEPTED]
    page = "page 1 of a Sales Navigator search"
    assert read == [(page, campaign), (somebody(0).name, campaign), (page, ""), ("", "")]


def test_a_seat_that_is_shared_no_longer_waits_for_a_person(office: Office) -> None:
    with office.outpost.database.write() as session:
        seats.share(makers.desk(session, office.workspace_id), identity_id=office.ada, value=9)
    begin(office.outpost, office.bobs, office.ada)
    with office.outpost.database.write() as session:
        seats.share(makers.desk(session, office.workspace_id), identity_id=office.ada, value=0)
    office.reader.read(office.ada)
    assert office.reading(office.bobs).verdict == Wait(Reason.NOT_SHARED, None)
    assert not office.navigator.opened


def test_the_seats_own_limit_holds_for_all_that_read_with_it(office: Office) -> None:
    with office.outpost.database.write() as session:
        desk = makers.desk(session, office.workspace_id)
        linkedin_limits.set_daily(desk, identity_id=office.ada, kind=ActionKind.SCRAPING, value=3)
        seats.share(desk, identity_id=office.ada, value=9)
    begin(office.outpost, office.bobs, office.ada)
    begin(office.outpost, office.adas, office.ada)
    for _ in range(25):
        office.reader.read(office.ada)
    assert len(office.navigator.opened) == 3
    with office.outpost.database.read() as session:
        assert session.scalars(select(QuotaUse.used).where(QuotaUse.kind == ActionKind.SCRAPING)).all() == [3]
    verdict = office.reading(office.adas).verdict
    assert isinstance(verdict, Wait)
    assert verdict.reason is Reason.DAY_LIMIT


def test_after_stop_nothing_more_is_opened_and_it_goes_on_where_it_was(office: Office) -> None:
    scrape_id = begin(office.outpost, office.adas, office.ada, most=5)
    for _ in range(3):
        office.reader.read(office.ada)
    with office.outpost.database.write() as session:
        scrapes.stop(makers.desk(session, office.workspace_id, now=office.reader.now), scrape_id=scrape_id)
    for _ in range(3):
        office.reader.read(office.ada)
    assert len(office.navigator.opened) == 3
    assert office.reading(office.adas).state is ScrapeState.STOPPED
    with office.outpost.database.write() as session:
        scrapes.go_on(makers.desk(session, office.workspace_id, now=office.reader.now), scrape_id=scrape_id)
    office.reader.read_all(office.ada, scrape_id)
    assert max(Counter(office.navigator.opened).values()) == 1
    assert len(leads(office)) == 5


def blocked(kind: BlockedKind) -> LinkedInOutcome:
    return Blocked(kind, f"LinkedIn says {kind}.")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (BlockedKind.LOGIN, Reason.RECONNECT_NEEDED),
        (BlockedKind.NO_SEAT, Reason.NO_SEAT),
        (BlockedKind.RESTRICTED, Reason.RESTRICTED),
    ],
)
def test_what_stops_the_account_in_the_middle_is_told_and_costs_nobody(
    office: Office, kind: BlockedKind, reason: Reason
) -> None:
    scrape_id = begin(office.outpost, office.adas, office.ada, most=5)
    for _ in range(3):
        office.reader.read(office.ada)
    office.navigator.says = lambda _page: blocked(kind)
    office.reader.read(office.ada)
    assert office.spent() == 3
    office.reader.read(office.ada, 2 * DAY)
    verdict = office.reading(office.adas).verdict
    assert isinstance(verdict, Wait)
    assert (verdict.reason, verdict.until) == (reason, None)
    assert office.reading(office.adas).said == f"LinkedIn says {kind}."
    assert told_people(office) == [f"LinkedIn says {kind}."]
    office.navigator.says = lambda _page: None
    with office.outpost.database.write() as session:
        connect(session, office.outpost, office.ada, office.reader.now)
    office.reader.now += 10 * DAY
    office.reader.read_all(office.ada, scrape_id)
    assert office.reading(office.adas).leads == 5
    assert not told_people(office)


def told_people(office: Office) -> list[str]:
    """The alerts that are up."""
    with office.outpost.database.read() as session:
        return list(session.scalars(select(Alert.sentence).where(Alert.cleared_at.is_(None))))


def test_a_list_that_is_not_shown_ends_it_and_one_unknown_page_is_tried_once_more(office: Office) -> None:
    shown = {"page 1": LeadProblem(LeadProblemKind.NOT_FOUND, "Sales Navigator does not show this list.")}
    office.navigator.says = shown.get
    begin(office.outpost, office.adas, office.ada)
    office.reader.read(office.ada)
    reading = office.reading(office.adas)
    assert (reading.state, reading.note) == (ScrapeState.FAILED, "Sales Navigator does not show this list.")
    office.navigator.says = lambda _page: blocked(BlockedKind.DRIFT)
    again = begin(office.outpost, office.adas, office.ada, now=office.reader.now)
    office.reader.read_all(office.ada, again, most=8)
    reading = office.reading(office.adas)
    assert reading.state is ScrapeState.FAILED
    assert "Twice the page was not as expected" in reading.note
    with office.outpost.database.read() as session:
        assert session.get_one(Identity, office.ada).linkedin_state is LinkedInState.CONNECTED


def test_a_page_that_does_not_open_is_tried_again_and_spends_nothing(office: Office) -> None:
    office.navigator.says = lambda _page: NotDone("The page did not answer as expected (TimeoutError).")
    scrape_id = begin(office.outpost, office.adas, office.ada)
    office.reader.read_all(office.ada, scrape_id, most=40)
    assert office.reading(office.adas).note.startswith("Six times the page did not open")
    assert (office.spent(), len(office.navigator.opened)) == (0, 6)


def test_a_reading_lost_with_its_worker_is_read_again_and_what_it_spent_stays_spent(office: Office) -> None:
    scrape_id = begin(office.outpost, office.adas, office.ada, most=2)
    office.reader.read(office.ada)

    def dies(_page: str) -> None:
        raise SystemExit

    office.navigator.says = dies
    with pytest.raises(SystemExit):
        office.reader.read(office.ada)
    office.navigator.says = lambda _page: None
    assert recovery.recover(office.outpost.database, "another boot", office.reader.now, alone=True) == 1
    office.reader.read_all(office.ada, scrape_id)
    assert [lead.linkedin_url for lead in leads(office)] == [f"linkedin.com/in/{somebody(n).slug}" for n in (0, 1)]
    assert office.spent() == 1 + 2 + 1
    with office.outpost.database.read() as session:
        states = session.scalars(select(Action.state)).all()
    assert set(states) == {ActionState.ACCEPTED}


def test_a_campaign_is_not_over_while_people_are_still_being_read_into_it(office: Office) -> None:
    with office.outpost.database.write() as session:
        mine = session.get_one(Campaign, office.adas)
        mine.state = CampaignState.RUNNING
        desk = makers.desk(session, office.workspace_id)
    scrape_id = begin(office.outpost, office.adas, office.ada, most=2)
    with office.outpost.database.write() as session:
        sequence.finish_if_done(session, office.adas, office.reader.now)
        assert session.get_one(Campaign, office.adas).state is CampaignState.RUNNING
    with office.outpost.database.write() as session:
        desk = makers.desk(session, office.workspace_id, now=office.reader.now)
        campaigns.finish(desk, campaign_id=office.adas)
        assert session.get_one(Scrape, scrape_id).state is ScrapeState.STOPPED
    office.reader.read(office.ada)
    assert not office.navigator.opened


def test_the_same_search_is_not_read_twice_at_once(office: Office) -> None:
    scrape_id = begin(office.outpost, office.adas, office.ada)
    with pytest.raises(Problem, match="being read into this campaign already"):
        begin(office.outpost, office.adas, office.ada)
    with office.outpost.database.write() as session:
        scrapes.stop(makers.desk(session, office.workspace_id, now=office.reader.now), scrape_id=scrape_id)
    assert begin(office.outpost, office.adas, office.ada) > scrape_id


def test_a_workspace_into_which_people_are_read_is_not_put_away(office: Office) -> None:
    scrape_id = begin(office.outpost, office.adas, office.ada)
    with office.outpost.database.write() as session:
        desk = makers.desk(session, now=office.reader.now)
        with pytest.raises(Problem, match="Stop the reading first"):
            workspaces.archive(desk, archived_id=office.workspace_id)
        scrapes.stop(makers.desk(session, office.workspace_id, now=office.reader.now), scrape_id=scrape_id)
        workspaces.archive(desk, archived_id=office.workspace_id)


def test_a_reading_whose_next_page_was_not_planned_is_taken_up(office: Office) -> None:
    scrape_id = begin(office.outpost, office.adas, office.ada, most=1)
    with office.outpost.database.write() as session:
        scrape_keeping.cancel_open(session, scrape_id, "worker", office.reader.now)
    assert scrape_keeping.keep_due(office.outpost.database, office.reader.now) == 1
    assert scrape_keeping.keep_due(office.outpost.database, office.reader.now) == 0
    office.reader.read_all(office.ada, scrape_id)


def test_the_sum_is_told_before_anything_is_read(office: Office) -> None:
    with office.outpost.database.read() as session:
        desk = makers.desk(session, office.workspace_id)
        told = seats.rehearse(desk, campaign_id=office.adas, identity_id=office.ada, most=300)
        assert [one.name for one in seats.of_campaign(desk, campaign_id=office.adas)] == ["Ada"]
        assert not seats.of_campaign(desk, campaign_id=office.bobs)
    assert told == (
        "300 people take up to 312 scrapings: one for each person's page, one for each page of 25 names. "
        "Ada’s seat may do 100 a day, 100 are left today: about 4 working days."
    )


def test_the_verdict_shown_is_the_one_that_lets_it_run(office: Office) -> None:
    begin(office.outpost, office.adas, office.ada)
    office.reader.now += timedelta(hours=1)
    assert isinstance(office.reading(office.adas).verdict, Run)
    office.reader.read(office.ada, timedelta(0))
    told = office.reading(office.adas).verdict
    assert isinstance(told, Wait)
    assert told.reason is Reason.PACING
    with office.outpost.database.read() as session:
        assert session.scalars(select(Lane.wake_at).where(Lane.identity_id == office.ada)).one() is not None
