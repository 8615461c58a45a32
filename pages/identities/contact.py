"""The section *Contact details*: the fields, the photo, the working hours, and archiving."""

import streamlit as st

from engine.contact_details import Contact
from engine.identities import IdentityView, archive, edit_contact, restore
from engine.photos import LARGEST, photo, redraw, remove_photo, set_photo
from pages import badges, notices, shell
from pages.campaigns.doing import done
from pages.identities import contact_form, drafts, holidays, hours, profile_offer
from storage.kinds import Permission


def show(visit: shell.Visit, identity: IdentityView) -> None:
    may = visit.may(Permission.MANAGE)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        profile_offer.show(identity, may)
        _details(identity, may)
        hours.show(visit, identity)
        hours.show_ahead(visit, identity)
    with right:
        _photo(identity, may)
        holidays.show(visit, identity, may)
    if may:
        _archive(identity)


def _details(identity: IdentityView, may: bool) -> None:
    draft = drafts.begin("contact", identity, "first")
    with st.form(draft.key):
        st.subheader("Contact details", anchor=False)
        written = contact_form.fields(draft.key, identity.contact, disabled=not may)
        saved = may and st.form_submit_button("Save contact details", type="primary")
    if saved:
        _save(identity, draft, written)


def _save(identity: IdentityView, draft: drafts.Draft, written: Contact) -> None:
    changed = shell.attempt(edit_contact, identity_id=identity.id, version=draft.version, contact=written)
    if changed is not None:
        drafts.saved(draft, changed)
        notices.toast("The contact details are saved.", icon=":material/check:")
        st.rerun()
    elif draft.version != identity.version:
        kept = identity.contact
        saved = (kept.name, kept.job_title, kept.email, kept.phone, kept.linkedin_url, kept.meeting_url)
        notices.info(f"Saved now: {' · '.join(value for value in saved if value)}")
        drafts.overwrite(draft, identity.version)


def _photo(identity: IdentityView, may: bool) -> None:
    with st.container(border=True):
        st.subheader("Photo", anchor=False)
        picture = shell.ask(photo, identity_id=identity.id)
        with st.container(horizontal=True, vertical_alignment="center"):
            badges.avatar(identity.name, picture, 72)
            pressed = picture and may and st.button("Remove photo", type="tertiary", icon=":material/delete:")
            if pressed and done(remove_photo, identity_id=identity.id):
                st.rerun()
        if may:
            _upload(identity)


def _upload(identity: IdentityView) -> None:
    turn = st.session_state.setdefault("photo-turn", 0)
    file = st.file_uploader(
        "PNG, JPEG or WebP, at most 2 MB",
        type=["png", "jpg", "jpeg", "webp"],
        max_upload_size=LARGEST // 1024 // 1024,
        key=f"photo-{identity.id}-{turn}",
    )
    if file and _taken(identity, file.getvalue()):
        st.session_state["photo-turn"] = turn + 1  # an empty uploader, else the same file is taken again at every run
        st.rerun()


def _taken(identity: IdentityView, content: bytes) -> bool:
    try:
        picture = redraw(content)
    except shell.Problem as problem:
        notices.error(problem)
        return False
    return done(set_photo, identity_id=identity.id, picture=picture)


def _archive(identity: IdentityView) -> None:
    with st.expander("Archive this identity", icon=":material/archive:"):
        if identity.archived_at:
            st.markdown("It is archived: it is in no list and sends nothing. Its history is kept.")
            if st.button("Bring back from the archive") and done(restore, identity_id=identity.id):
                st.rerun()
            return
        st.markdown("It leaves every list; its history and reports stay, and it can be brought back here at any time.")
        pressed = st.button(f"Archive {badges.plain(identity.name, 40)}")
        if pressed and shell.attempt(archive, identity_id=identity.id) is not None:
            st.rerun()
