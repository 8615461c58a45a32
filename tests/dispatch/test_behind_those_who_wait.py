"""G14 on LinkedIn: whoever may be written to is found, however many people before him must wait for reasons of their own."""

from datetime import timedelta

from sqlalchemy import select

from engine import linkedin_accounts, linkedin_consent, linkedin_lanes, sequence
from engine.booking import choose
from engine.channels.linkedin.outcomes import OwnProfile
from storage.database import Database
from storage.kinds import ActionKind
from storage.tables import Lane, Lead, LinkedInInvitation, Step
from storage.vault import Vault, new_key
from tests import makers
from tests.dispatch.sink import ALWAYS
from tests.makers import LONG_AGO, MONDAY

VAULT = Vault({1: new_key()})


def lane_with_work(database: Database, kind: ActionKind, leads: int) -> tuple[int, list[Lead]]:
    """A connected LinkedIn account with its owner's consent, and a running campaign of one step of this kind."""
    with database.write() as session:
        makers.installation(session)
        makers.user(session, id=1, email=makers.OWNER.label, is_owner=True)
        home = makers.workspace(session)
        ada = makers.identity(session, home.id, **ALWAYS)
        linkedin_consent.accept(makers.desk(session, home.id), ada, "Ada")
        own = OwnProfile("ada", "Ada", "engineer")
        linkedin_accounts.connect(session, VAULT, ada.id, "ada@example.com", own, {"cookies": [], "origins": []}, LONG_AGO)
        spring = makers.campaign(session, ada, steps=0)
        session.add(Step(campaign_id=spring.id, position=1, kind=kind, body="Hello"))
        links = [f"linkedin.com/in/p{number}" for number in range(leads)]
        people = [makers.lead(session, spring, email="", linkedin_url=link) for link in links]
        sequence.begin(session, spring.id, [one.id for one in people], MONDAY - timedelta(days=1))
        lane = linkedin_lanes.lane_of(session, ada.id)
        assert lane is not None
        return lane.id, people


def invite(database: Database, lane_id: int, lead: Lead, **became: object) -> None:
    with database.write() as session:
        identity_id = session.get_one(Lane, lane_id).identity_id
        who = {"workspace_id": lead.workspace_id, "identity_id": identity_id, "lead_id": lead.id}
        session.add(LinkedInInvitation(**who, profile=lead.linkedin_url, name="P", sent_at=LONG_AGO, **became))


def chosen(database: Database, lane_id: int, visits: int) -> int | None:
    """The lead of the action that one of so many visits would carry out, a second apart."""
    for visit in range(visits):
        with database.write() as session:
            choice = choose(session, lane_id, MONDAY + timedelta(seconds=visit), "worker-1")
            if choice is not None:
                return choice.booking.entry.lead_id
    return None


def test_the_accepted_person_is_found_behind_sixty_who_never_answered(database: Database) -> None:
    lane, people = lane_with_work(database, ActionKind.LINKEDIN_MESSAGE, leads=61)
    for lead in people[:-1]:
        invite(database, lane, lead)
    invite(database, lane, people[-1], accepted_at=MONDAY)
    assert chosen(database, lane, visits=1) == people[-1].id


def test_a_lane_on_which_nobody_answered_sleeps(database: Database) -> None:
    lane, people = lane_with_work(database, ActionKind.LINKEDIN_MESSAGE, leads=61)
    for lead in people:
        invite(database, lane, lead)
    assert chosen(database, lane, visits=1) is None
    with database.read() as session:
        assert session.scalars(select(Lane.wake_at).where(Lane.id == lane)).one() is None


def test_a_person_is_found_behind_a_hundred_and_twenty_in_their_cool_down(database: Database) -> None:
    lane, people = lane_with_work(database, ActionKind.CONNECTION_REQUEST, leads=121)
    for lead in people[:-1]:
        invite(database, lane, lead, withdrawn_at=MONDAY - timedelta(days=1))
    assert chosen(database, lane, visits=4) == people[-1].id
