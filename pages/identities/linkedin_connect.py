"""Connecting LinkedIn: the form with the risk notice, then the sign-in's progress and whatever LinkedIn asks."""

import streamlit as st

from engine import clock, linkedin_consent, linkedin_sign_ins
from engine.identities import IdentityView
from engine.installation import current
from engine.linkedin_accounts import AccountView
from engine.linkedin_sign_ins import Progress
from pages import badges, notices, shell
from pages.campaigns.doing import done
from storage.kinds import LinkedInSignInState

_EXPLAINED = (
    "Outpost signs in with an e-mail address and a **direct LinkedIn password**. A sign-in with Google, Microsoft or Apple, "
    "or with a passkey, can't be used: set a password at LinkedIn first, under *Settings › Sign in & security › "
    "Change password*. The password is used once and not kept."
)
_QUESTIONS = {
    "sms": "LinkedIn sent a code by SMS",
    "email": "LinkedIn sent a code by e-mail",
    "authenticator": "LinkedIn asks for the code of the authenticator app",
}


def show(identity: IdentityView, account: AccountView, going: Progress | None) -> None:
    if going is not None and going.state.is_under_way:
        _going(identity)
        return
    if going is not None and going.state is not LinkedInSignInState.DONE:
        _ended(going, account)
    _form(identity, account)


def _form(identity: IdentityView, account: AccountView) -> None:
    with st.container(border=True):
        st.markdown(f"**{'Connect again' if account.email else 'Connect LinkedIn'}**")
        st.markdown(_EXPLAINED)
        notices.warning(linkedin_consent.WORDING)
        # The identity is in every key: a password and a consent that were typed for one never stand in another's form.
        key = f"linkedin-{identity.id}"
        with st.form(f"{key}-sign-in", border=False):
            accepted = st.checkbox("The account's owner has read this and accepts it", key=f"{key}-accepted")
            name, address = account.name or identity.name, account.email or identity.contact.email
            owner = st.text_input("Name of the account's owner, who accepts this", name, key=f"{key}-owner")
            email = st.text_input("LinkedIn e-mail address", address, key=f"{key}-email")
            password = st.text_input("LinkedIn password", type="password", autocomplete="off", key=f"{key}-password")
            pressed = st.form_submit_button("Connect LinkedIn", type="primary", icon=":material/login:")
    if pressed:
        shell.attempt(linkedin_sign_ins.begin, identity.id, email, password, owner if accepted else "", current().vault)
        if (begun := shell.ask(linkedin_sign_ins.progress, identity_id=identity.id)) and begun.state.is_under_way:
            st.rerun()


def _ended(going: Progress, account: AccountView) -> None:
    if going.note != account.note:  # else it stands above already
        (notices.info if going.state is LinkedInSignInState.CANCELLED else notices.error)(going.note)
    if going.picture:
        with st.container(border=True, gap="xsmall"):  # a white page would have no end on a white one
            badges.quiet("The page as LinkedIn showed it")
            st.image(going.picture, width=640)


@st.fragment(run_every=1.5)
def _going(identity: IdentityView) -> None:
    going = shell.ask(linkedin_sign_ins.progress, identity_id=identity.id)
    # The badges above are drawn by the whole page: it runs again whenever the sign-in has come further.
    reached = (going.state, going.number) if going is not None else None
    before = st.session_state.setdefault(f"sign-in-{identity.id}", reached)
    if going is None or not going.state.is_under_way or reached != before:
        st.session_state[f"sign-in-{identity.id}"] = reached
        st.rerun()
        return
    left = badges.duration(max(0, round((going.ends_at - clock.now()).total_seconds())))
    with st.container(border=True):
        if going.state is LinkedInSignInState.CODE and not going.has_answer:
            _ask_code(identity, going)
        elif going.state is LinkedInSignInState.CONTRACT and not going.has_answer:
            _ask_contract(identity, going)
        elif going.state is LinkedInSignInState.APPROVE:
            st.markdown("**Open the LinkedIn app on the phone and tap Yes.** This page goes on by itself then.")
        else:
            waits = going.state is LinkedInSignInState.WAITING
            st.markdown(f":material/hourglass_top: {'Opening a browser' if waits else 'Talking to LinkedIn'} …")
        with st.container(horizontal=True, vertical_alignment="center"):
            badges.quiet(f"The sign-in is held open for {left}; this page may be left meanwhile.")
            st.space("stretch")
            pressed = st.button("Give up", key="linkedin-give-up", type="tertiary")
            if pressed and done(linkedin_sign_ins.give_up, identity_id=identity.id):
                st.rerun()


def _ask_code(identity: IdentityView, going: Progress) -> None:
    where = f" ({going.hint})" if going.hint else ""
    st.markdown(f"**{badges.plain(_QUESTIONS.get(going.code_kind, 'LinkedIn asks for a code') + where)}**")
    if going.error:
        notices.error(going.error)
    _say_what_is_wrong(identity, going)
    # The fragment runs again while somebody types; the key keeps what is typed with its question.
    with st.form(f"code-{going.number}", border=False):
        code = st.text_input("Code", key=f"linkedin-code-{going.number}", autocomplete="one-time-code", width=240)
        pressed = st.form_submit_button("Give LinkedIn the code", type="primary")
    if pressed:
        _answer(identity, going, "code", code)
    if st.button("Send a new code", key=f"linkedin-resend-{going.number}", type="tertiary"):
        _answer(identity, going, "resend", "")


def _ask_contract(identity: IdentityView, going: Progress) -> None:
    st.markdown("**LinkedIn asks which Sales Navigator contract to use**")
    _say_what_is_wrong(identity, going)
    for number, option in enumerate(going.options):
        if st.button(badges.plain(option, 80), key=f"contract-{going.number}-{number}"):
            _answer(identity, going, "contract", option)


def _answer(identity: IdentityView, going: Progress, what: str, value: str) -> None:
    try:
        shell.ask(linkedin_sign_ins.answer, identity.id, going.number, what, value, current().vault)
    except shell.Problem as problem:
        # This part is made anew every moment, so what is wrong with an answer is kept until there is another one.
        st.session_state[_wrong(identity)] = (going.number, str(problem))
    else:
        st.session_state.pop(_wrong(identity), None)
    st.rerun()


def _say_what_is_wrong(identity: IdentityView, going: Progress) -> None:
    number, sentence = st.session_state.get(_wrong(identity), (None, ""))
    if number == going.number:
        notices.error(sentence)


def _wrong(identity: IdentityView) -> str:
    return f"linkedin-{identity.id}-wrong"
