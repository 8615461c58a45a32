"""The manual way behind a share link: details without a login, for a new identity, once, and nobody else's business."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select

from engine import share_details, share_links
from engine.contact_details import Contact
from engine.desk import Problem, perform
from engine.sessions import Browser
from storage.kinds import LinkedInState, Role
from storage.tables import Audit, Identity, LinkedInConsent, Photo, ShareLink
from tests import makers
from tests.linkedin.conftest import Office
from tests.makers import MONDAY

GRACE = Contact(
    "Grace", "Hopper", "Rear Admiral", "grace@acme.com", "+34 600 123 456", "https://es.linkedin.com/in/Grace-Hopper?trk=x"
)
PHONE = Browser("198.51.100.7", "a phone")


def made(office: Office) -> tuple[int, str]:
    database = office.outpost.database
    given = {"contact": Contact("Gracie"), "zone": "America/New_York"}
    return perform(database, makers.OWNER, office.workspace_id, MONDAY, share_links.make_for_new, **given)


def fill_in(office: Office, token: str, contact: Contact = GRACE, photo: bytes = b"", *, accepts: bool = False) -> None:
    now = MONDAY + timedelta(hours=1)
    with office.outpost.database.write() as session:
        ready = share_details.redrawn(session, token, photo, now)
        share_details.fill_in(session, token, contact, ready, accepts, PHONE, now)


def picture(side: int = 900) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((side, side), 90).convert("RGB").save(out, "JPEG", quality=98)
    return out.getvalue()


def test_what_is_written_is_kept_with_the_photo_and_the_link_is_used_up(office: Office) -> None:
    identity_id, token = made(office)
    fill_in(office, token, photo=picture())
    with office.outpost.database.read() as session:
        grace = session.get_one(Identity, identity_id)
        assert (grace.name, grace.job_title, grace.linkedin_url) == (
            "Grace Hopper",
            "Rear Admiral",
            "linkedin.com/in/grace-hopper",
        )
        assert (grace.sort_name, grace.zone, grace.version) == ("grace hopper", "America/New_York", 2)
        assert session.get_one(Photo, identity_id).content.startswith(b"RIFF")
        assert session.scalars(select(LinkedInConsent)).all() == []
        assert share_links.look(session, token, MONDAY).was_filled_in
        edited = session.scalars(select(Audit).where(Audit.what == "identity.contact_edited")).one()
    assert edited.old is not None
    assert (edited.actor, edited.old["first_name"]) == ("share link 1", "Gracie")
    with pytest.raises(Problem, match="used, revoked"):
        fill_in(office, token)


def test_a_photo_of_a_phone_s_size_is_taken_and_one_beyond_it_is_named(office: Office) -> None:
    _, token = made(office)
    large = picture(2_600)
    assert len(large) > 2 * 1024 * 1024
    with pytest.raises(Problem, match="larger than 12 MB"):
        fill_in(office, token, photo=large + bytes(12 * 1024 * 1024))
    fill_in(office, token, photo=large)


def test_what_is_left_empty_stays_and_the_accepted_notice_is_recorded(office: Office) -> None:
    identity_id, token = made(office)
    fill_in(office, token, replace(GRACE, phone=""))
    with office.outpost.database.write() as session:
        again = share_links._make(makers.desk(session, office.workspace_id), identity_id)
    fill_in(office, again, Contact("Grace", "Hopper", phone="+1 212 555 0100"), accepts=True)
    with office.outpost.database.read() as session:
        grace = session.get_one(Identity, identity_id)
        consent = session.scalars(select(LinkedInConsent)).one()
    assert (grace.job_title, grace.phone) == ("Rear Admiral", "+1 212 555 0100")
    assert (consent.accepted_by, consent.address) == ("Grace Hopper", "198.51.100.7")


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        (Contact(""), "first name is missing"),
        (replace(GRACE, email="grace"), "not an e-mail address"),
        (replace(GRACE, linkedin_url="https://www.linkedin.com/company/acme"), "a company's page; use the person's own"),
        (replace(GRACE, job_title="x" * 501), "501 characters"),
    ],
)
def test_what_can_t_be_kept_is_named_and_uses_nothing_up(office: Office, contact: Contact, said: str) -> None:
    _, token = made(office)
    with pytest.raises(Problem, match=said):
        fill_in(office, token, contact)
    fill_in(office, token)


def test_a_file_that_is_no_photo_uses_nothing_up(office: Office) -> None:
    _, token = made(office)
    with pytest.raises(Problem, match="not a PNG"):
        fill_in(office, token, photo=b"%PDF-1.7")
    fill_in(office, token)


def test_a_profile_that_is_taken_is_refused_without_a_word_of_who_has_it(office: Office) -> None:
    with office.outpost.database.write() as session:
        makers.identity(session, office.workspace_id, first_name="Mary", linkedin_url="linkedin.com/in/grace-hopper")
    _, token = made(office)
    with pytest.raises(Problem, match="can't be used here") as said:
        fill_in(office, token)
    assert "Mary" not in str(said.value)
    assert "identity" not in str(said.value)


@pytest.mark.parametrize("state", [each for each in LinkedInState if each is not LinkedInState.NEVER])
def test_a_link_to_reconnect_an_account_can_t_rename_it(office: Office, state: LinkedInState) -> None:
    identity_id, token = made(office)
    with office.outpost.database.write() as session:
        session.get_one(Identity, identity_id).linkedin_state = state
    with pytest.raises(Problem, match="LinkedIn login"):
        fill_in(office, token)
    with office.outpost.database.read() as session:
        assert not share_links.look(session, token, MONDAY).may_fill_in
        assert session.scalars(select(ShareLink.used_at)).one() is None


def test_who_has_access_to_named_identities_gets_the_one_they_add(office: Office) -> None:
    database = office.outpost.database
    with database.write() as session:
        manager = makers.member(session, office.workspace_id, Role.MANAGER, [office.identity_id])
    given = {"contact": Contact("Grace"), "zone": "UTC"}
    identity_id, _ = perform(database, manager, office.workspace_id, MONDAY, share_links.make_for_new, **given)
    links = perform(database, manager, office.workspace_id, MONDAY, share_links.list_of, identity_id)
    assert [link.created_by for link in links] == [manager.label]
