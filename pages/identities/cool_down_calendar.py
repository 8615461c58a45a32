"""The calendar of the cool-down: on which day who may be invited again."""

import streamlit as st

from engine import cool_downs
from engine.cool_downs import FreeDay
from engine.identities import IdentityView
from pages import badges, drawings, shell

_NAMED_ON_HOVER = 8


def show(identity: IdentityView) -> None:
    days = shell.ask(cool_downs.calendar, identity_id=identity.id)
    some = [day for day in days if day.count]
    with st.container(border=True):
        st.markdown("**Free again after a withdrawal**")
        if not some:
            badges.quiet(
                f"Nobody is in cool-down. After a withdrawal nobody of this workspace can invite that person for "
                f"{cool_downs.DAYS} days."
            )
            return
        whom = sum(day.count for day in some)
        people = "1 person can't" if whom == 1 else f"{whom:,} people can't"
        badges.quiet(
            f"{people} be invited yet, by anybody of this workspace. The calendar says how many are free on which day."
        )
        st.html(drawings.calendar([(day.day, day.count, _hover(day)) for day in days]))
        chosen = st.selectbox("Who is free again on", some, format_func=_named, key=f"cool-down-{identity.id}", width=320)
        if chosen is not None:
            _people(chosen)


def _people(of: FreeDay) -> None:
    rows = [
        {"Person": one.name or one.profile, "Lead": shell.address("lead", id=one.lead_id) if one.lead_id else None}
        for one in of.people
    ]
    links = {"Lead": st.column_config.LinkColumn(display_text="Open")}
    st.dataframe(rows, hide_index=True, placeholder="", column_config=links, height="auto" if len(rows) < 6 else 220)


def _named(day: FreeDay) -> str:
    return f"{day.day:%A} {day.day.day} {day.day:%B}: {day.count:,} {'person' if day.count == 1 else 'people'}"


def _hover(day: FreeDay) -> str:
    if not day.count:
        return ""
    names = [badges.cut(one.name or one.profile, 60) for one in day.people[:_NAMED_ON_HOVER]]
    more = day.count - len(names)
    return f"{_named(day)}\n" + "\n".join(names) + (f"\nand {more:,} more" if more else "")
