"""What a profile says when its account connects: it fills in what is missing, and is offered where a person wrote else."""

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from engine import identities, linkedin_accounts, linkedin_profiles, photos
from engine.channels.linkedin.outcomes import OwnProfile
from engine.desk import Problem, perform
from storage.database import Database
from storage.kinds import ActionKind, Role
from storage.tables import Audit, Identity, LimitSetting, Photo
from storage.vault import Vault, new_key
from tests import makers
from tests.makers import MONDAY, OWNER
from tests.panel import Panel

VAULT = Vault({1: new_key()})


def picture(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (150, 150), colour).save(out, "PNG")
    return out.getvalue()


PROFILE = OwnProfile("ada-lovelace", "Ada Lovelace", "Head of Sales", picture("teal"), "ACoA1")


class Office:
    def __init__(self, database: Database, **typed: str) -> None:
        self.database = database
        with database.write() as session:
            makers.installation(session)
            makers.user(session)
            self.client = makers.workspace(session).id
            self.ada = makers.identity(session, self.client, **{"first_name": "Ada", "last_name": "", **typed}).id

    def connect(self, profile: OwnProfile = PROFILE) -> None:
        with self.database.write() as session:
            linkedin_accounts.connect(session, VAULT, self.ada, "a@b.test", profile, {"cookies": []}, MONDAY)

    def ask(self, task: Any) -> Any:
        return perform(self.database, OWNER, self.client, MONDAY, task, identity_id=self.ada)

    def here(self) -> tuple[str, str]:
        with self.database.read() as session:
            ada = session.get_one(Identity, self.ada)
            return ada.name, ada.job_title

    def photo(self) -> bytes | None:
        with self.database.read() as session:
            row = session.get(Photo, self.ada)
            return row.content if row else None

    def audited(self) -> list[str]:
        with self.database.read() as session:
            return list(session.scalars(select(Audit.what).order_by(Audit.id)))


def test_what_is_missing_is_filled_in_and_audited(database: Database) -> None:
    office = Office(database)
    office.connect()
    assert office.here() == ("Ada Lovelace", "Head of Sales")
    assert office.photo() == photos.redraw(PROFILE.photo)
    assert office.ask(linkedin_profiles.offer) is None
    assert office.audited() == ["linkedin.profile_taken_over", "photo.changed", "linkedin.connected"]
    with database.read() as session:
        ada = session.get_one(Identity, office.ada)
        assert (ada.version, ada.sort_name, ada.linkedin_url) == (2, "ada lovelace", "linkedin.com/in/ada-lovelace")


def test_what_a_person_typed_stays_and_the_profile_s_is_offered(database: Database) -> None:
    office = Office(database, first_name="Augusta", last_name="King", job_title="Countess")
    with database.write() as session:
        photos.keep(makers.desk(session, office.client), office.ada, photos.redraw(picture("black")))
    office.connect()
    assert office.here() == ("Augusta King", "Countess")
    found = office.ask(linkedin_profiles.offer)
    assert (found.name, found.title, found.photo) == ("Ada Lovelace", "Head of Sales", photos.redraw(PROFILE.photo))
    office.ask(linkedin_profiles.take_over)
    assert office.here() == ("Ada Lovelace", "Head of Sales")
    assert office.photo() == photos.redraw(PROFILE.photo)
    with pytest.raises(Problem, match="nothing to take over"):
        office.ask(linkedin_profiles.take_over)
    with database.read() as session:
        line = session.scalars(select(Audit).where(Audit.user_id == OWNER.user_id, Audit.old.is_not(None))).one()
        assert (line.what, line.old) == (
            "linkedin.profile_taken_over",
            {"first_name": "Augusta", "last_name": "King", "job_title": "Countess"},
        )


def test_declined_it_is_offered_again_only_when_the_profile_says_something_new(database: Database) -> None:
    office = Office(database, job_title="Countess")
    office.connect()
    office.ask(linkedin_profiles.decline)
    office.connect()
    assert office.ask(linkedin_profiles.offer) is None
    assert office.audited().count("linkedin.profile_declined") == 1
    office.connect(replace(PROFILE, title="Chief of Sales"))
    assert office.ask(linkedin_profiles.offer).title == "Chief of Sales"


def test_a_photo_from_the_profile_follows_the_profile_and_an_uploaded_one_does_not(database: Database) -> None:
    office = Office(database)
    office.connect()
    office.connect(replace(PROFILE, photo=picture("olive")))
    assert office.photo() == photos.redraw(picture("olive"))
    with database.write() as session:
        photos.keep(makers.desk(session, office.client), office.ada, photos.redraw(picture("black")))
    office.connect()
    assert office.photo() == photos.redraw(picture("black"))


@pytest.mark.parametrize("shown", [b"", b"no picture at all"])
def test_a_profile_without_a_photo_connects_all_the_same(database: Database, shown: bytes) -> None:
    office = Office(database)
    office.connect(replace(PROFILE, photo=shown, name="  Ada\n\x07Lovelace ", title="x" * 900))
    name, title = office.here()
    assert (name, len(title), office.photo()) == ("Ada Lovelace", 500, None)


def test_a_seat_that_comes_and_goes_opens_and_closes_scraping(database: Database) -> None:
    office, limits = Office(database), []
    for number, has_seat in enumerate([False, True, True, False]):
        office.connect(replace(PROFILE, has_seat=has_seat))
        with database.read() as session:
            rows = select(LimitSetting.value).where(LimitSetting.kind == ActionKind.SCRAPING).order_by(LimitSetting.id)
            limits = list(session.scalars(rows))
            assert linkedin_accounts.account_of(session, office.ada).has_seat is has_seat, number  # type: ignore[union-attr]
    assert limits == [0, 100, 0]


def test_the_page_offers_it_with_awkward_texts_as_they_are_and_one_click_takes_it_over(panel: Panel) -> None:
    with panel.database.write() as session:
        client = makers.workspace(session).id
        ada = makers.identity(session, client, first_name="Augusta", last_name="King", job_title="Countess").id
        manager, ops = (makers.member(session, client, role) for role in (Role.MANAGER, Role.OPS))
        awkward = replace(PROFILE, name="**Ada** עדה", title="<b>Head</b>")
        linkedin_accounts.connect(session, panel.outpost.vault, ada, "a@b.test", awkward, {"cookies": []}, MONDAY)
    page = panel.open("identity", manager, client, id=ada, section="contact")
    assert "&lt;b&gt;Head&lt;/b&gt; (here: Countess)" in "\n".join(str(part.proto.body) for part in page.get("html"))
    assert not [one for one in panel.open("identity", ops, client, id=ada).button if one.key == "profile-take"]
    page = panel.open("identity", manager, client, id=ada, section="linkedin")
    next(button for button in page.button if button.key == "profile-take").click().run()
    assert not page.exception
    view = perform(panel.database, OWNER, client, MONDAY, identities.get, identity_id=ada)
    assert (view.name, view.contact.job_title) == ("**Ada** עדה", "<b>Head</b>")
