"""The 21 days after a withdrawal: on the lead, in an import's preview, as a calendar, and how withdrawals would go."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from engine import cool_downs, linkedin_accounts, linkedin_lanes, linkedin_limits, linkedin_withdrawals
from engine.csv_reading import read
from engine.desk import perform
from engine.import_checking import check
from storage.database import Database
from storage.kinds import ActionKind, LinkedInState, Role
from storage.tables import Identity, LinkedInInvitation
from tests import makers
from tests.makers import LONG_AGO, MONDAY, OWNER
from tests.panel import Panel

DAY = timedelta(days=1)


class Office:
    def __init__(self, database: Database) -> None:
        self.database = database
        with database.write() as session:
            makers.installation(session)
            makers.user(session)
            self.client = makers.workspace(session).id
            self.ada, self.grace = (acting(session, self.client).id for _ in range(2))

    def ask(self, task: Any, now: datetime = MONDAY, **values: Any) -> Any:
        return perform(self.database, OWNER, self.client, now, task, **values)

    def invited(self, name: str, sent: datetime, withdrawn: datetime | None = None, by: int | None = None) -> None:
        with self.database.write() as session:
            invited(session, self.client, by or self.ada, name, sent, withdrawn)


def acting(session: Session, client: int, **values: Any) -> Identity:
    made = makers.identity(session, client, linkedin_state=LinkedInState.CONNECTED, **values)
    linkedin_accounts.account_for(session, made, LONG_AGO).email = "ada@acme.test"
    linkedin_lanes.open_lane(session, made, False, LONG_AGO)
    return made


def invited(session: Session, client: int, by: int, name: str, sent: datetime, withdrawn: datetime | None) -> None:
    common = {"workspace_id": client, "identity_id": by, "sent_at": sent, "withdrawn_at": withdrawn}
    session.add(LinkedInInvitation(**common, profile=f"linkedin.com/in/{name.lower()}", name=name))


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def test_a_lead_is_free_again_after_21_days_whichever_identity_had_invited_it(office: Office) -> None:
    office.invited("Marie", LONG_AGO, MONDAY - 3 * DAY, by=office.grace)
    with office.database.write() as session:
        campaign = makers.campaign(session, session.get_one(Identity, office.ada))
        lead = makers.lead(session, campaign, linkedin_url="linkedin.com/in/marie").id
        other = makers.lead(session, campaign, linkedin_url="").id
    until = MONDAY + 18 * DAY
    assert office.ask(cool_downs.of_lead, lead_id=lead) == until
    assert office.ask(cool_downs.of_lead, until - timedelta(microseconds=1), lead_id=lead) == until
    assert office.ask(cool_downs.of_lead, until, lead_id=lead) is None
    assert office.ask(cool_downs.of_lead, lead_id=other) is None


def test_the_last_withdrawal_counts_and_another_workspace_s_does_not(office: Office) -> None:
    office.invited("Marie", LONG_AGO, MONDAY - 20 * DAY)
    office.invited("Marie", LONG_AGO, MONDAY - 2 * DAY, by=office.grace)
    with office.database.write() as session:
        theirs = makers.workspace(session).id
        invited(session, theirs, acting(session, theirs).id, "Pierre", LONG_AGO, MONDAY - DAY)
    assert office.ask(cool_downs.of_workspace) == {"linkedin.com/in/marie": MONDAY + 19 * DAY}


def test_the_import_names_the_rows_in_cool_down_and_brings_them_all_the_same(office: Office) -> None:
    office.invited("Marie", LONG_AGO, MONDAY - DAY)
    rows = "Name,LinkedIn\nMarie Curie,https://fr.linkedin.com/in/Marie/?trk=x\nPierre,linkedin.com/in/pierre\n"
    mapping = {"first_name": "Name", "linkedin_url": "LinkedIn"}
    found = check(read(rows.encode()), mapping, free_again=office.ask(cool_downs.of_workspace))
    assert found.good_count == 2
    assert [(one.row, one.name, one.until) for one in found.cooling] == [(2, "Marie Curie", MONDAY + 20 * DAY)]


def test_the_calendar_says_who_is_free_again_on_which_day_in_the_identity_s_zone(office: Office) -> None:
    late = datetime(2026, 11, 10, 23, 30, tzinfo=MONDAY.tzinfo)  # 00:30 on the 11th in Madrid
    for name, withdrawn in (("Marie", late), ("Pierre", late + DAY), ("Irene", MONDAY), ("Old", MONDAY - 21 * DAY)):
        office.invited(name, LONG_AGO, withdrawn)
    office.invited("Hers", LONG_AGO, MONDAY, by=office.grace)
    days = office.ask(cool_downs.calendar, identity_id=office.ada)
    assert [day.day for day in days] == [date(2026, 11, 23) + after * DAY for after in range(22)]
    named = {day.day: [one.name for one in day.people] for day in days if day.count}
    assert named == {date(2026, 12, 2): ["Marie"], date(2026, 12, 3): ["Pierre"], date(2026, 12, 14): ["Irene"]}


def rehearsed(office: Office, now: datetime = MONDAY) -> str:
    said: str = office.ask(linkedin_withdrawals.rehearse, now, identity_id=office.ada, after_days=30)
    return said


def test_what_would_go_today_keeps_to_the_daily_cap_and_the_working_days(office: Office) -> None:
    assert rehearsed(office).startswith("0 invitations are older than 30 days. In all, about 1 %")
    for number in range(90):
        office.invited(f"P{number}", MONDAY - 40 * DAY)
    assert "90 invitations are older" in rehearsed(office)
    assert "Of these, 40 would go today (at most 40 a day), the last on Wednesday, 25 November." in rehearsed(office)
    friday_evening = datetime(2026, 11, 27, 18, 30, tzinfo=MONDAY.tzinfo)
    assert "Of these, 0 would go today (at most 40 a day), the last on Wednesday, 2 December." in rehearsed(
        office, friday_evening
    )
    office.ask(linkedin_limits.set_daily, identity_id=office.ada, kind=ActionKind.WITHDRAWAL, value=0)
    assert "the daily cap is 0" in rehearsed(office)
    office.ask(
        linkedin_limits.set_daily, MONDAY + timedelta(minutes=1), identity_id=office.ada, kind=ActionKind.WITHDRAWAL, value=7
    )
    assert "Of these, 7 would go today (at most 7 a day)" in rehearsed(office, MONDAY + timedelta(hours=1))


def test_the_tab_shows_calendar_history_and_the_cap_and_an_awkward_name_as_it_is(panel: Panel) -> None:
    with panel.database.write() as session:
        client = makers.workspace(session).id
        ada = acting(session, client, first_name="Ada")
        invited(session, client, ada.id, "**Marie** <b>", LONG_AGO, MONDAY - DAY)
        invited(session, client, ada.id, "Pierre", MONDAY - 40 * DAY, None)
        campaign = makers.campaign(session, ada)
        lead = makers.lead(session, campaign, linkedin_url="linkedin.com/in/**marie** <b>")
        manager = makers.member(session, client, Role.MANAGER)
    page = panel.open("identity", manager, client, id=ada.id, section="linkedin")
    assert not page.exception
    said = "\n".join(str(part.proto.body) for part in page.get("html"))
    assert "1 person can&#x27;t be invited yet" in said
    assert "&lt;b&gt;" in said
    assert [frame.value["Person"].tolist() for frame in page.dataframe] == [["**Marie** <b>"], ["**Marie** <b>"]]
    page = panel.open("lead", manager, client, id=lead.id)
    assert any("Free again" in info.value and "13 Dec" in info.value for info in page.info)
