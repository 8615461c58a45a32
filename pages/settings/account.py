"""Your account: name, password, authenticator, and where you are signed in."""

from collections.abc import Callable

import streamlit as st

from engine import accounts, sessions
from engine.accounts import Account
from pages import badges, notices, reader, shell
from pages.devices import device
from pages.settings import authenticator, secret_fields


def show() -> None:
    visit = shell.visit(without_workspace=True)
    account = accounts.look(shell.mine())
    shell.header("Your account", f"{badges.plain(account.name)} · {badges.plain(account.email)}")
    _name(account)
    _password()
    authenticator.show(account)
    _sessions(visit, account)
    _sign_ins(visit, account)


def _name(account: Account) -> None:
    with st.form("name", border=True):
        name = st.text_input("Your name", value=account.name, max_chars=300)
        if st.form_submit_button("Save the name") and done(lambda: accounts.rename(shell.mine(), name)):
            st.rerun()


def _password() -> None:
    with st.form("password", border=True):
        present = secret_fields.field("Present password", "present-password", autocomplete="current-password", max_chars=200)
        new = secret_fields.field(
            "New password",
            "new-password",
            autocomplete="new-password",
            max_chars=200,
            help="12 characters or more; four random words do well. Common and leaked passwords are refused.",
        )
        if st.form_submit_button("Change the password") and done(
            lambda: accounts.change_password(shell.mine(), present, new)
        ):
            secret_fields.forget("present-password")
            secret_fields.forget("new-password")
            notices.success("Changed. Every other session of yours has ended.", icon=":material/check_circle:")


def _sessions(visit: shell.Visit, account: Account) -> None:
    zone = reader.zone()
    st.subheader("Where you are signed in", anchor=False)
    for one in account.sessions:
        is_this = one.token_hash == visit.token_hash
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            seen = badges.moment(one.last_seen_at, zone, visit.now).text
            st.markdown(f"**{device(one.user_agent)}** · {badges.plain(one.address)} · last seen {seen}")
            if is_this:
                st.badge("this browser", icon=":material/location_on:", color="blue")
            elif st.button("End", key=f"end-{one.token_hash[:12]}", icon=":material/logout:"):
                accounts.end_session(shell.mine(), one.token_hash)
                st.rerun()
    if st.button("Sign out everywhere", icon=":material/logout:", key="everywhere"):
        accounts.sign_out_everywhere(shell.mine())
        st.rerun()
    ends = sessions.ends()
    idle, absolute = (badges.duration(int(end.total_seconds())) for end in (ends.idle, ends.absolute))
    st.caption(f"A session ends by itself after {idle} without use, and after {absolute} in any case.")


def _sign_ins(visit: shell.Visit, account: Account) -> None:
    zone = reader.zone()
    st.subheader("Last sign-ins", anchor=False)
    rows = [
        {
            "When": badges.moment(one.at, zone, visit.now).text,
            "Result": "signed in" if one.succeeded else "refused",
            "From": one.address,
            "With": device(one.user_agent),
        }
        for one in account.sign_ins
    ]
    if rows:
        st.dataframe(rows, hide_index=True, height="content")
    else:
        st.caption("None yet by password: you came by a link, or made this installation.")


def done(task: Callable[[], object]) -> bool:
    """Whether it worked; a Problem is shown."""
    try:
        task()
    except shell.Problem as problem:
        notices.error(problem)
        return False
    return True


show()
