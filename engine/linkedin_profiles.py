"""What a LinkedIn profile says of its owner: taken over where nobody wrote anything else, offered where somebody did.

A job title, a last name or a photo that is missing is filled in when the account connects. What a person typed is never
replaced by itself: the profile's version stands beside it, to be taken over or declined.
"""

import unicodedata
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import contact_details, identities, photos
from engine.channels.linkedin.outcomes import OwnProfile
from engine.contact_details import Contact
from engine.desk import Desk, Problem, use_case
from storage.kinds import Permission
from storage.tables import Identity, LinkedInAccount, Photo


@dataclass(frozen=True, slots=True)
class Offer:
    """What the profile says otherwise than the identity does; empty where they agree."""

    name: str
    title: str
    photo: bytes | None

    def __bool__(self) -> bool:
        return bool(self.name or self.title or self.photo)


@use_case(needs=Permission.READ, reads=True)
def offer(desk: Desk, identity_id: int) -> Offer | None:
    """What could be taken over from the profile; None for nothing, and after somebody declined it."""
    account = _account_of(desk.session, identity_id)
    if account is None or account.offer_declined_at is not None:
        return None
    return _offer(desk.session, desk.session.get_one(Identity, identity_id), account) or None


@use_case(needs=Permission.MANAGE)
def take_over(desk: Desk, identity_id: int) -> None:
    """Replace what was typed by what the profile says."""
    account, identity = _account_of(desk.session, identity_id), desk.session.get_one(Identity, identity_id)
    found = _offer(desk.session, identity, account) if account is not None else None
    if not found:
        raise Problem("The profile and this identity say the same by now; there is nothing to take over.")
    first, last = _parted(found.name or identity.name)
    _keep(
        desk,
        identity,
        Contact(
            **{**_details(identity), "first_name": first, "last_name": last, "job_title": found.title or identity.job_title}
        ),
    )
    if found.photo:
        photos.keep(desk, identity_id, photos.Picture(found.photo))  # it was redrawn when it was offered


@use_case(needs=Permission.MANAGE)
def decline(desk: Desk, identity_id: int) -> None:
    """Keep what is here; the profile is offered again when it says something new."""
    account = _account_of(desk.session, identity_id)
    if account is not None and account.offer_declined_at is None:
        account.offer_declined_at = desk.now
        desk.audit("linkedin.profile_declined", f"identity:{identity_id}", identity_id=identity_id)


def arrived(desk: Desk, identity: Identity, account: LinkedInAccount, profile: OwnProfile) -> None:
    """Remember what the profile says as the account connects, and fill in what is missing of the identity."""
    said, picture, before = (_line(profile.name), _line(profile.title)), _picture(profile.photo), account.photo
    if said != (account.name, account.title) or (picture is not None and picture != before):
        account.offer_declined_at = None
    account.name, account.title, account.photo = *said, picture or before
    first, last = _parted(account.name)
    here = identities.contact_of(identity)
    fills_last = not here.last_name and here.first_name.casefold() == first.casefold()
    _keep(
        desk,
        identity,
        replace(
            here,
            last_name=last if fills_last else here.last_name,
            job_title=here.job_title or account.title,
            linkedin_url=here.linkedin_url or account.profile,
        ),
    )
    shown = desk.session.get(Photo, identity.id)
    if picture is not None and (shown is None or (shown.content == before and before != picture)):
        photos.keep(desk, identity.id, picture)


def _keep(desk: Desk, identity: Identity, contact: Contact) -> None:
    old, new = identities.differences(_details(identity), asdict(contact))
    if new:
        identities.save_at_version(desk, identity.id, identity.version, {**new, "sort_name": contact.sort_name})
        desk.audit("linkedin.profile_taken_over", f"identity:{identity.id}", old=old, new=new, identity_id=identity.id)


def _offer(session: Session, identity: Identity, account: LinkedInAccount) -> Offer:
    photo = session.get(Photo, identity.id)
    return Offer(
        account.name if account.name and account.name != identity.name else "",
        account.title if account.title and account.title != identity.job_title else "",
        account.photo if account.photo is not None and (photo is None or photo.content != account.photo) else None,
    )


def _details(identity: Identity) -> dict[str, Any]:
    return asdict(identities.contact_of(identity))


def _parted(name: str) -> tuple[str, str]:
    first, _, last = name.partition(" ")
    return first, last


def _line(text: str) -> str:
    """One line without control characters, as long as a person may type it."""
    words = "".join(one if unicodedata.category(one) != "Cc" else " " for one in text).split()
    return " ".join(words)[: contact_details.LONGEST]


def _picture(shown: bytes) -> photos.Picture | None:
    """None for what is no picture: a photo is no reason to fail a connection."""
    try:
        return photos.redraw(shown) if shown else None
    except Problem:
        return None


def _account_of(session: Session, identity_id: int) -> LinkedInAccount | None:
    return session.scalar(select(LinkedInAccount).where(LinkedInAccount.identity_id == identity_id))
