"""Parked: actions whose outcome nothing can prove, each with its evidence and the three decisions a person can take."""

import streamlit as st

from engine.parked import Decision, Parked, count_parked, decide, list_parked
from pages import badges, empty, notices, reader, shell
from pages.campaigns.doing import done
from storage.kinds import Permission, Reason

_PAGE = 25
_ICONS = {
    Decision.WENT_OUT: ":material/mark_email_read:",
    Decision.SEND: ":material/send:",
    Decision.GIVE_UP: ":material/cancel:",
}
_MEANS = {
    Decision.WENT_OUT: "It counts as sent, keeps its quota, and the lead goes on to the next step.",
    Decision.SEND: "It gives its quota back and is sent inside hours and limits. If it did go out, the lead gets it twice.",
    Decision.GIVE_UP: "It gives its quota back and this lead's sequence ends.",
}


def show() -> None:
    visit = shell.visit()
    shell.header("Parked", "The connection ended before the server answered, and nothing can prove whether these went out.")
    waiting = shell.ask(list_parked, limit=_PAGE)
    if not waiting:
        words = "Nothing is parked: the outcome of every action is known."
        empty.leads_to(words, "today", "Back to Today", ":material/today:")
        return
    if not visit.may(Permission.MANAGE):
        notices.info("A manager or an admin decides these; you see what they see.")
    for action in waiting:
        _action(visit, action)
    count = shell.ask(count_parked)
    if count > len(waiting):
        st.caption(f"The {len(waiting)} oldest of {count:,}; the next ones follow as these are decided.")


def _action(visit: shell.Visit, action: Parked) -> None:
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            to = badges.plain(action.lead_name or action.recipient or "somebody", 60)
            st.markdown(f"**{action.kind.label} to {to}** from {badges.plain(action.identity_name, 60)}", width="content")
            st.space("stretch")
            shell.link("why", label="Why", icon=":material/rule:", id=action.action_id)
        _evidence(visit, action)
        if visit.may(Permission.MANAGE):
            with st.container(horizontal=True):
                for decision in Decision:
                    _decision(action, decision)


def _evidence(visit: shell.Visit, action: Parked) -> None:
    lines = []
    if action.sending_at:
        began = badges.moment(action.sending_at, reader.zone(), visit.now)
        lines.append(f"Began to be sent {began.help} ({badges.ago(action.sending_at, visit.now)})")
    if action.recipient:
        lines.append(f"From {action.address or 'its address'} to {action.recipient}")
    if action.message_id:
        lines.append(f"Look for it in the Sent folder by its Message-ID {action.message_id}")
    if action.note or action.reason:
        lines.append(f"The server's words: {action.note}" if action.note else (action.reason or Reason.NO_EVIDENCE).sentence)
    badges.quiet("\n".join(lines))


def _decision(action: Parked, decision: Decision) -> None:
    pressed = st.button(
        decision.label, key=f"{decision}-{action.action_id}", icon=_ICONS[decision], help=_MEANS[decision], width="content"
    )
    if pressed and done(decide, action_id=action.action_id, decision=decision):
        st.rerun()


show()
