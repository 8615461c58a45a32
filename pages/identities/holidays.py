"""The days on which an identity does not work: a country's calendar and own dates."""

from datetime import timedelta

import streamlit as st

from engine import calendars
from engine.identities import IdentityView
from engine.working_hours import OwnHoliday, add_holiday, own_holidays, remove_holiday, set_holiday_country
from pages import badges, shell
from pages.campaigns.doing import done


def show(visit: shell.Visit, identity: IdentityView, may: bool) -> None:
    with st.container(border=True):
        st.subheader("Holidays", anchor=False)
        _country(identity, may)
        own = shell.ask(own_holidays, identity_id=identity.id)
        for day in own:
            _own_day(identity, day, may)
        if not own:
            st.caption("No own dates: add leave, company holidays or local feasts.")
        if may:
            _add(visit, identity)


def _country(identity: IdentityView, may: bool) -> None:
    names = {"": "No country calendar", **dict(calendars.country_choices())}
    key = f"country-{identity.id}"
    st.session_state[key] = identity.holiday_country  # another user's change shows, too
    st.selectbox(
        "Country calendar",
        list(names),
        format_func=lambda code: names[code],
        key=key,
        on_change=_set_country,
        args=(identity.id, key),
        disabled=not may,
    )


def _set_country(identity_id: int, key: str) -> None:
    shell.attempt(set_holiday_country, identity_id=identity_id, country=st.session_state[key])


def _own_day(identity: IdentityView, own: OwnHoliday, may: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        note = f" · {badges.plain(own.note, 60)}" if own.note else ""
        st.markdown(f"{own.day:%a} {own.day.day} {own.day:%b %Y}{note}", width="content")
        st.space("stretch")
        pressed = may and st.button("Remove", key=f"holiday-{own.day}", type="tertiary", icon=":material/delete:")
        if pressed and done(remove_holiday, identity_id=identity.id, day=own.day):
            st.rerun()


def _add(visit: shell.Visit, identity: IdentityView) -> None:
    with st.form(f"holiday-{identity.id}", border=False, clear_on_submit=True):
        tomorrow = visit.now.date() + timedelta(days=1)
        day = st.date_input("Own date", tomorrow, format="YYYY-MM-DD")
        note = st.text_input("What for", placeholder="Leave, local feast …")
        added = st.form_submit_button("Add date", icon=":material/add:")
    if added and day and done(add_holiday, identity_id=identity.id, day=day, note=note or ""):
        st.rerun()
