"""The installation, for its owner: health, Stop, a restored backup, allowed networks, where it listens, its users."""

import streamlit as st

from engine import health, networks, people, quarantine
from engine.generation import Gap
from engine.installation import current
from engine.supervision import worker
from pages import badges, notices, reader, shell
from pages.campaigns.doing import done
from pages.overview import stop_drawer
from pages.settings import alert_mail

_WELL = badges.Look("green", "check_circle", "well")
_ILL = badges.Look("red", "error", "ill")


def show() -> None:
    visit = shell.visit(without_workspace=True)
    with shell.header("Installation"):
        if visit.workspace_id is not None:
            stop_drawer.button(visit)
    gap = shell.ask(quarantine.quarantine)
    if gap:
        _quarantine(visit, gap)
    _health(visit)
    alert_mail.show(visit)
    _networks()
    _where()
    _users(visit)


def _health(visit: shell.Visit) -> None:
    here = current()
    st.subheader("Health", anchor=False)
    with st.container(border=True, gap="small"):
        for part in health.look(here.database, here.config, worker, visit.now):
            tag = badges.tag(_WELL if part.is_well else _ILL)
            st.markdown(f"{tag} **{part.name.capitalize()}** · {badges.plain(part.sentence, 500)}")


def _quarantine(visit: shell.Visit, gap: Gap) -> None:
    zone = reader.zone()
    since = f" since {badges.moment(gap.since, zone, visit.now).text}" if gap.since else ""
    lost = f"1 ledger line{since} is" if gap.lines == 1 else f"{gap.lines:,} ledger lines{since} are"
    with st.container(border=True):
        notices.error(
            f"The database was restored from a backup: {lost} missing, so nothing is sent."
            " Look into the Sent folders and LinkedIn for what went out since, stop the leads concerned, then release.",
            icon=":material/restore:",
        )
        note = st.text_input("What you checked", key="quarantine-note", max_chars=500)
        if st.button("Release the quarantine", icon=":material/play_arrow:", key="quarantine-release"):
            try:
                shell.ask(quarantine.release_quarantine, note=note or "")
            except shell.Problem as problem:
                notices.error(problem)
            else:
                st.rerun()


def _networks() -> None:
    st.subheader("Allowed private networks", anchor=False)
    st.caption(
        "Outpost connects to mail servers on the public internet only, so that nobody can use it to look into your network."
        " Name the private networks in which your own mail servers stand."
    )
    with st.form("networks", border=True):
        text = st.text_area(
            "One network a line",
            value="\n".join(shell.ask(networks.list_allowed_networks)),
            placeholder="192.168.7.0/24",
            height=100,
        )
        if st.form_submit_button("Save networks"):
            saved = shell.attempt(networks.set_allowed_networks, networks=(text or "").splitlines())
            if saved is not None:
                notices.toast(
                    "Saved. It holds for every connection that begins from now on.", icon=":material/check_circle:"
                )
                st.rerun()


def _where() -> None:
    config = current().config
    st.subheader("Address", anchor=False)
    st.markdown(
        f"The panel is opened at `{config.public_url}` and answers under no other name. Links in invitations and mails are"
        " made from it. Change it with `OUTPOST_URL`, and put a server with HTTPS in front before others use it."
    )


def _users(visit: shell.Visit) -> None:
    st.subheader("Owners and users", anchor=False)
    st.caption("An owner administers the installation and every workspace. Whoever has no authenticator should set one up.")
    for user in shell.ask(people.list_users):
        with st.container(border=True):
            words, button = st.columns([5, 3], vertical_alignment="center")  # below each other on a phone
            state = " · disabled" if user.disabled_at else ""
            code = "authenticator" if user.has_code else "no authenticator"
            with words, st.container(gap=None):
                st.markdown(f"**{badges.plain(user.name)}**")
                st.caption(f"{badges.plain(user.email)} · {code}{state}")
            label = "Take ownership back" if user.is_owner else "Make an owner"
            is_me = user.user_id == visit.actor.user_id
            with button, st.container(horizontal=True, horizontal_alignment="right"):
                pressed = st.button(label, key=f"owner-{user.user_id}", icon=":material/key:", disabled=is_me)
            if pressed and done(people.make_owner, user_id=user.user_id, is_owner=not user.is_owner):
                st.rerun()


show()
