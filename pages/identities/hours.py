"""The working hours of one identity: the form, and what opens in the next seven days in both zones."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import streamlit as st

from engine.identities import IdentityView
from engine.rules.facts import Window
from engine.working_hours import DayPlan, next_windows, set_hours
from pages import badges, notices, reader, shell
from pages.identities import contact_form, drafts
from storage.kinds import Permission

_DAYS = {1: "Mon", 2: "Tue", 3: "Wed", 4: "Thu", 5: "Fri", 6: "Sat", 7: "Sun"}
_DAY_END = 24 * 60


def show(visit: shell.Visit, identity: IdentityView) -> None:
    may = visit.may(Permission.MANAGE)
    draft = drafts.begin("hours", identity, "zone")
    with st.form(draft.key):
        st.subheader("Working hours", anchor=False)
        st.caption(
            "Everything this identity sends begins within these hours. Match the time zone of the people it writes to."
        )
        zone = contact_form.zone(draft.key, identity.zone, disabled=not may)
        days = st.pills(
            "Active days",
            list(_DAYS),
            selection_mode="multi",
            default=sorted(identity.days),
            format_func=lambda day: _DAYS[day],
            key=f"{draft.key}-days",
            disabled=not may,
        )
        left, right = st.columns(2)
        start = left.time_input("Start", _clock(identity.start), key=f"{draft.key}-start", step=300, disabled=not may)
        end = right.time_input(
            "End",
            _clock(identity.end),
            key=f"{draft.key}-end",
            step=300,
            help="An end at or before the start lies on the next day; 00:00 is midnight at the day's end.",
            disabled=not may,
        )
        saved = may and st.form_submit_button("Save working hours", type="primary")
    if saved:
        _save(identity, draft, zone, frozenset(days), _minutes(start), _minutes(end) or _DAY_END)


def _save(identity: IdentityView, draft: drafts.Draft, zone: str, days: frozenset[int], start: int, end: int) -> None:
    changed = shell.attempt(
        set_hours, identity_id=identity.id, version=draft.version, zone=zone, days=days, start=start, end=end
    )
    if changed is None:
        drafts.overwrite(draft, identity.version)
        return
    drafts.saved(draft, changed)
    notices.toast("The working hours are saved.", icon=":material/check:")
    st.rerun()


def show_ahead(visit: shell.Visit, identity: IdentityView) -> None:
    """The next seven days, in the identity's zone and, where it is another one, in the reader's."""
    zone, here = ZoneInfo(identity.zone), ZoneInfo(reader.zone(identity.zone))
    plans = shell.ask(next_windows, identity_id=identity.id)
    columns = [zone] if here == zone else [zone, here]
    with st.container(border=True):
        st.subheader("Next seven days", anchor=False)
        heads = " | ".join(badges.city(one) + (" (you)" if number else "") for number, one in enumerate(columns))
        lines = [f"| Day | {heads} |", f"|:--|{':--|' * len(columns)}"]
        lines += [_line(plan, columns) for plan in plans]
        st.markdown("\n".join(lines))
        if any(_is_open(window, visit.now) for plan in plans for window in plan.windows):
            st.caption("The hours are open now.")


def _line(plan: DayPlan, zones: list[ZoneInfo]) -> str:
    day = f"{plan.day:%a} {plan.day.day} {plan.day:%b}".replace(" ", "\N{NO-BREAK SPACE}")
    if not plan.windows:
        return f"| {day} | :gray[{plan.off or 'no window'}] |{' |' * (len(zones) - 1)}"
    cells = " | ".join(", ".join(_span(window, zone) for window in plan.windows) for zone in zones)
    return f"| {day} | {cells} |"


def _span(window: Window, zone: ZoneInfo) -> str:
    opens, closes = window.opens.astimezone(zone), window.closes.astimezone(zone)
    shift = (opens.date() - window.day).days
    day = f"\N{NO-BREAK SPACE}({opens:%a})" if shift else ""
    return f"{opens:%H:%M}{day}–{closes:%H:%M}{_later(opens, closes)}"


def _later(opens: datetime, closes: datetime) -> str:
    """Midnight at the day's end is no other day to a person."""
    days = (closes.date() - opens.date()).days
    return f"\N{NO-BREAK SPACE}({closes:%a})" if days and closes.time() != time(0) else ""


def _is_open(window: Window, now: datetime) -> bool:
    return window.opens <= now < window.closes


def _clock(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)


def _minutes(clock: time | None) -> int:
    return clock.hour * 60 + clock.minute if clock else 0
