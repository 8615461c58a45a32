"""The manual way behind a share link: the person fills in who they are, and no LinkedIn login is asked for."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from engine import contact_details, identities, linkedin_consent, photos, share_links
from engine.contact_details import Contact
from engine.desk import Problem
from engine.photos import Picture
from engine.sessions import Browser
from storage.tables import Identity

LARGEST_PHOTO = 12 * 1024 * 1024  # as a phone takes it: nobody makes one smaller there


def redrawn(session: Session, token: str, photo: bytes, now: datetime) -> Picture | None:
    """The photo as it is kept, for a link that works; it takes a second, in which nobody else must wait to write."""
    share_links.working(session, token, now)
    return photos.redraw(photo, LARGEST_PHOTO) if photo else None


def fill_in(
    session: Session, token: str, contact: Contact, picture: Picture | None, accepts: bool, browser: Browser, now: datetime
) -> None:
    """Keep what was written and use the link up, both or neither.

    What was left empty stays as it is; `picture` is as `redrawn` makes it. The risk notice may be left unaccepted: then
    nothing is done on LinkedIn.
    """
    row = share_links.working(session, token, now)
    identity = session.get_one(Identity, row.identity_id)
    if not share_links.may_fill_in(identity):
        raise Problem("This account was connected before, so it is connected again by its LinkedIn login.")
    written = contact_details.tidy(contact)
    before = asdict(identities.contact_of(identity))
    kept = Contact(**{field: value or before[field] for field, value in asdict(written).items()})
    if identities.is_taken(session, identity.workspace_id, kept.linkedin_url, identity.id):
        raise Problem("This LinkedIn URL can't be used here; correct it, or leave it empty and tell who sent you the link.")
    desk = share_links.use_up(session, row, now)
    identities.save_at_version(desk, identity.id, identity.version, {**asdict(kept), "sort_name": kept.sort_name})
    old, new = identities.differences(before, asdict(kept))
    if new:
        desk.audit("identity.contact_edited", f"identity:{row.identity_id}", old=old, new=new, identity_id=row.identity_id)
    if picture is not None:
        photos.keep(desk, row.identity_id, picture)
    if accepts:
        linkedin_consent.accept(desk, session.get_one(Identity, row.identity_id), kept.name, browser.address)
    desk.audit(
        "share_link.used", f"share_link:{row.id}", new={"by": kept.name, "way": "manually"}, identity_id=row.identity_id
    )
