"""What starting or stopping a warm-up will do, to what, and how to undo it: said beside the one button that does it."""

import streamlit as st

from engine import warm_up
from engine.domain_checks import check_soon
from engine.warm_up_pool import Pool
from engine.warm_up_rehearsals import FORBIDDEN, Rehearsal, rehearse_start, rehearse_stop
from engine.warm_up_views import ADVICE
from pages import badges, notices, shell

_FIT, _MOST_NAMES = 6, 200


@st.dialog("Start warm-up")
def start(mailbox_id: int) -> None:
    found = shell.ask(rehearse_start, mailbox_id=mailbox_id)
    st.markdown(f"**{badges.plain(found.address)}**")
    if found.refusal:
        notices.warning(found.refusal)
        return
    st.markdown(badges.plain(found.plan, 400))
    if found.campaigns:
        st.markdown(f"**{_campaigns(len(found.campaigns))} will be paused**, and go on when you stop it:")
        names(found.campaigns)
    else:
        st.markdown("No campaign of this identity is running, so none is paused.")
    partners(found.pool)
    st.caption(f"{FORBIDDEN} {ADVICE}")
    if found.price_cents:
        st.caption(f"It costs {found.price_cents / 100:,.2f} a month, on the client statement.")
    despite = _despite(mailbox_id, found) if found.domain_warning else ""
    pressed = st.button(found.button, type="primary", key=f"warm-start-{mailbox_id}", width="stretch")
    if pressed and shell.attempt(warm_up.start, mailbox_id=mailbox_id, despite=despite) is not None:
        st.rerun()


def _despite(mailbox_id: int, found: Rehearsal) -> str:
    """A red or unknown domain holds the start, unless a person gives a reason; the audit log keeps it."""
    if found.is_checked:
        notices.warning(
            f"{found.domain_warning} Mails of such a domain land in spam, so it should not start before that is put right."
        )
    else:
        notices.info(found.domain_warning, ":material/hourglass_top:")
    again = "Check the domain again" if found.is_checked else "Look whether it is checked"
    if st.button(again, icon=":material/refresh:", key=f"warm-domain-{mailbox_id}"):
        if not found.is_checked:
            st.rerun(scope="fragment")
        shell.attempt(check_soon, mailbox_id=mailbox_id)
        notices.info("The worker looks again within a minute; open this again then.")
    return st.text_input("Why start all the same", key=f"warm-despite-{mailbox_id}", max_chars=300) or ""


@st.dialog("Stop warm-up")
def stop(mailbox_id: int) -> None:
    found = shell.ask(rehearse_stop, mailbox_id=mailbox_id)
    number = len(found.resumes)
    st.markdown(f"**{badges.plain(found.address)}**")
    st.markdown("Nothing of it is sent any more. Starting it again begins with day 1; a pause would keep the day.")
    if found.resumes:
        st.markdown(f"It paused {_campaigns(number).lower()}, {'which go' if number > 1 else 'which goes'} on:")
        names(found.resumes)
    for name, why in found.stays:
        st.caption(f"{badges.plain(name)} stays as it is: {badges.plain(why, 200)}.")
    back = st.checkbox("Resume what it paused", value=True, key=f"warm-back-{mailbox_id}") if found.resumes else True
    label = f"Stop and resume {_campaigns(number).lower()}" if number and back else "Stop warm-up"
    pressed = st.button(label, type="primary", key=f"warm-end-{mailbox_id}", width="stretch")
    if pressed and shell.attempt(warm_up.stop, mailbox_id=mailbox_id, resume_campaigns=back) is not None:
        st.rerun()


def names(given: tuple[str, ...]) -> None:
    """All of them; more than a few in a box that scrolls, so that the button below stays in sight."""
    lines = [f"- {badges.plain(name)}" for name in given[:_MOST_NAMES]]
    more = len(given) - _MOST_NAMES
    with st.container(height=220 if len(given) > _FIT else "content", border=len(given) > _FIT):
        st.markdown("\n".join([*lines, *([f"- and {more:,} more"] if more > 0 else [])]))


def partners(pool: Pool) -> None:
    """Who is in the pool: ours by name, other clients' as a number."""
    st.markdown(badges.plain(pool.sentence, 300))
    if pool.known:
        with st.expander(
            f"The {len(pool.known):,} of this workspace" if len(pool.known) > 1 else "The one of this workspace"
        ):
            names(pool.known)


def _campaigns(number: int) -> str:
    return "1 campaign" if number == 1 else f"{number:,} campaigns"
