"""Warm-up on an address's card: its button, how it goes, pause, and its plan and settings under a fold."""

import streamlit as st

from engine import warm_up, warm_up_views
from engine.identities import IdentityView
from engine.mailboxes import Address
from engine.warm_up_lists import Phase
from engine.warm_up_views import ADVICE, Progress
from pages import badges, notices, shell
from pages.identities import warm_up_dialogs, warm_up_words


def button(address: Address, going: Progress | None) -> None:
    """The one click, at the right of the card's first line."""
    if going is not None:
        if st.button("Stop warm-up", icon=":material/stop_circle:", key=f"warm-stop-{address.id}"):
            warm_up_dialogs.stop(address.id)
    elif address.state.may_send and st.button(
        "Start warm-up", icon=":material/local_fire_department:", key=f"warm-{address.id}"
    ):
        warm_up_dialogs.start(address.id)


def progress_of(address: Address) -> Progress | None:
    return shell.ask(warm_up_views.progress, mailbox_id=address.id)


def badge(going: Progress) -> None:
    phase = Phase.COMPLETE if going.is_complete else Phase.RUNNING
    badges.badge(warm_up_words.look(phase, going.pause, going.day_of), help=going.pause_note or None)


def show(visit: shell.Visit, identity: IdentityView, address: Address, going: Progress, may: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if going.paused_at is None or going.figures.sent_today:
            badges.meter(going.figures.sent_today, going.target, "Warm-up mails today")
        if may:
            _pause(address, going)
    with st.container(gap="xsmall"):
        _next(visit, identity, going)
        badges.quiet(_line(going))
        if going.shrunk and not going.pause:
            badges.quiet(going.shrunk)
        badges.quiet(ADVICE)
    if going.is_complete:
        notices.info("The plan is complete. Stop the warm-up when you like; it does not stop by itself.", ":material/flag:")


def _pause(address: Address, going: Progress) -> None:
    if going.paused_at is None:
        pressed = st.button("Pause warm-up", key=f"warm-pause-{address.id}", help="Sends nothing and keeps the day.")
        if pressed and shell.attempt(warm_up.pause, mailbox_id=address.id) is not None:
            st.rerun()
        return
    pressed = st.button(
        "Resume warm-up",
        key=f"warm-resume-{address.id}",
        help="It goes on with the same day; after more than 3 days of pause, a day earlier for each day beyond.",
    )
    if pressed and shell.attempt(warm_up.resume, mailbox_id=address.id) is not None:
        st.rerun()


def _next(visit: shell.Visit, identity: IdentityView, going: Progress) -> None:
    """When the next mail goes, and why not now."""
    if going.next_at is None or going.next_at <= visit.now:
        badges.quiet(going.next_mail)
        return
    shown = badges.moment(going.next_at, identity.zone, visit.now)
    badges.quiet(f"Next mail {shown.text}. {going.next_mail}", shown.help)


def _line(going: Progress) -> str:
    figures = going.figures
    held = f"{figures.held} campaign{'s' if figures.held > 1 else ''} paused" if figures.held else "no campaign paused"
    parts = [
        figures.health.sentence,
        f"{figures.replies:,} {'reply' if figures.replies == 1 else 'replies'}",
        f"{figures.rescued:,} rescued from spam",
        *_end(going),
        held,
    ]
    if going.price_cents:
        parts.append(f"{going.price_cents / 100:,.2f} this month")
    return " · ".join(parts)


def _end(going: Progress) -> list[str]:
    if going.is_complete:
        return []
    return [f"planned end {going.planned_end:%a %-d %b %Y}" if going.planned_end else "planned end: after the pause"]
