"""The tab *Rate limits*: what is used on every clock, the sums in words, and a temporary raise with its reason."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from engine import linkedin_lanes, linkedin_limits
from engine.identities import IdentityView
from engine.linkedin_limits import Limits, Used
from pages import badges, notices, shell
from pages.campaigns.doing import done
from pages.identities import seat_share
from storage.kinds import ActionKind, QuotaClock

_CLOCKS = {
    QuotaClock.LOCAL_DAY: "today",
    QuotaClock.ROLLING_24_HOURS: "in 24 hours",
    QuotaClock.ROLLING_7_DAYS: "in 7 days",
    QuotaClock.ROLLING_30_DAYS: "in 30 days",
    QuotaClock.NOTES_30_DAYS: "notes in 30 days",
    QuotaClock.PENDING_TOTAL: "pending",
}


def show(visit: shell.Visit, identity: IdentityView, may: bool) -> None:
    limits = shell.ask(linkedin_limits.of_identity, identity_id=identity.id)
    if limits is None:
        st.caption("Limits begin with the first connection: 5 invitations a day, rising to 20 in two weeks.")
        return
    for kind in linkedin_limits.KINDS:
        _kind(visit, identity, kind, limits)
    seat_share.show(identity, may)
    if may:
        _change(visit, identity, limits)


def _kind(visit: shell.Visit, identity: IdentityView, kind: ActionKind, limits: Limits) -> None:
    clocks = [one for one in limits.clocks if one.kind is kind]
    if not clocks:
        return
    with st.container(border=True):
        st.markdown(f"**{kind.plural}**")
        badges.meters([(_CLOCKS[one.clock], one.used, one.limit) for one in clocks])
        badges.quiet(f"Left: {' · '.join(_left(one) for one in clocks)}")
        if kind in limits.sums:
            badges.quiet(limits.sums[kind])
        for one in clocks:
            _ends(visit, identity, one)
        _warn_of_pending(clocks)


def _left(one: Used) -> str:
    return f"{max(0, one.limit - one.used):,} {_CLOCKS[one.clock]}"


def _ends(visit: shell.Visit, identity: IdentityView, one: Used) -> None:
    if one.until is not None:
        badges.when(one.until, identity.zone, visit.now, f"{one.limit} {_CLOCKS[one.clock]} ({one.why}) falls back ")
    if one.frees_at is not None:
        badges.when(one.frees_at, identity.zone, visit.now, f"{one.limit} {_CLOCKS[one.clock]} are used; the next may go ")
    if one.until is None and one.why and one.why != "usual":
        badges.quiet(f"{one.limit} {_CLOCKS[one.clock]}: {one.why}")


def _warn_of_pending(clocks: list[Used]) -> None:
    pending = next((one.used for one in clocks if one.clock is QuotaClock.PENDING_TOTAL), 0)
    if pending >= linkedin_lanes.WARN_PENDING:
        notices.warning(f"{pending:,} invitations are pending. LinkedIn dislikes many of them: withdraw old ones.")


def _change(visit: shell.Visit, identity: IdentityView, limits: Limits) -> None:
    with st.expander("Change a daily limit", icon=":material/tune:"):
        kind = st.selectbox("Of", linkedin_limits.KINDS, format_func=lambda one: one.plural, key=f"limit-kind-{identity.id}")
        now = next((one.limit for one in limits.clocks if one.kind is kind and one.clock is QuotaClock.LOCAL_DAY), 0)
        value = st.number_input("A day", 0, linkedin_limits.MOST_A_DAY, value=now, key=f"limit-{identity.id}-{kind}-{now}")
        usual = linkedin_lanes.RECOMMENDED[kind]
        if value > usual:
            notices.warning(
                f"More than {usual} a day risks the account. It needs a reason and an end; it falls back by itself."
            )
        badges.quiet(shell.ask(linkedin_limits.rehearse, identity_id=identity.id, kind=kind, value=int(value)))
        why = st.text_input("Why", key=f"limit-why-{identity.id}", help="Kept with the limit, and shown beside it.")
        today = visit.now.astimezone(ZoneInfo(identity.zone)).date()
        label = "Until the end of" if value > usual else "Until the end of (empty: for good)"
        until = st.date_input(label, value=None, min_value=today, key=f"limit-until-{identity.id}")
        if st.button(f"Set {int(value):,} a day", type="primary", key="limit-set", disabled=value == now):
            ends = None
            if until is not None:
                ends = datetime.combine(until + timedelta(days=1), time(0), ZoneInfo(identity.zone))
            given = {"identity_id": identity.id, "kind": kind, "value": int(value), "until": ends, "why": why}
            if done(linkedin_limits.set_daily, **given):
                notices.toast(f"{kind.plural}: {int(value):,} a day.")
                st.rerun()
