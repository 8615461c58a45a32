"""The part of *Installation* that says how alerts go out by mail, with a test that is really sent."""

import streamlit as st

from engine import alert_mail, clock
from engine.alert_mail import MailForm, MailView
from engine.installation import current
from pages import badges, notices, reader, shell
from pages.settings import secret_fields
from storage.kinds import Security

_ON = badges.Look("green", "check_circle", "set up")
_OFF = badges.Look("gray", "radio_button_unchecked", "not set up")
_ILL = badges.Look("red", "error", "not going out")
_PASSWORD = "alert-mail-password"  # noqa: S105 - the name of a field
_SECURITY = {Security.STARTTLS: "STARTTLS (587)", Security.SSL: "SSL (465)"}


def show(visit: shell.Visit) -> None:
    found = shell.ask(alert_mail.look)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Alerts by mail", anchor=False, width="content")
        st.markdown(badges.tag(_OFF if found is None else _ILL if found.trouble else _ON), width="content")
    st.caption(
        "One mail server for the whole installation, for alerts alone. Each user chooses under Alerts what reaches them."
    )
    if found is not None:
        _standing(visit, found)
    _form(found)
    if found is not None:
        _buttons()


def _standing(visit: shell.Visit, found: MailView) -> None:
    if found.trouble:
        noun = "mail waits" if found.waiting == 1 else "mails wait"
        notices.error(f"{found.waiting:,} {noun} to be tried again. {found.trouble}")
    if found.last_at:
        badges.when(found.last_at, reader.zone(), visit.now, "last alert sent ")


def _form(found: MailView | None) -> None:
    with st.form("alert-mail", border=True):
        left, right = st.columns([3, 2])
        host = left.text_input("Mail server", found.host if found else "", placeholder="smtp.example.com", max_chars=253)
        ways = list(_SECURITY)
        security = right.selectbox(
            "Encryption", ways, ways.index(found.security) if found else 0, format_func=lambda way: _SECURITY[way]
        )
        user = left.text_input("User name", found.username if found else "", autocomplete="off", max_chars=300)
        port = right.number_input("Port", 1, 65_535, found.port if found else 587)
        kept = "Kept; enter one to replace it" if found else ""
        password = secret_fields.field("Password", _PASSWORD, max_chars=500, placeholder=kept)
        sender = st.text_input("From", found.sender if found else "", placeholder="outpost@example.com", max_chars=254)
        pressed = st.form_submit_button("Save the mail server", type="primary")
    if pressed:
        _save(MailForm(host or "", int(port), user or "", sender or "", password, security))


def _save(form: MailForm) -> None:
    try:
        shell.ask(alert_mail.keep, form=form, vault=current().vault)
    except shell.Problem as problem:
        notices.error(problem)
    else:
        secret_fields.forget(_PASSWORD)
        notices.toast("Saved; the password is sealed. Send a test now.", icon=":material/check_circle:")
        st.rerun()


def _buttons() -> None:
    with st.container(horizontal=True):
        test = st.button("Send a test to me", icon=":material/send:", key="alert-mail-test")
        forget = st.button("Remove the mail server", icon=":material/delete:", key="alert-mail-forget")
    if test:
        _test()
    if forget:
        shell.ask(alert_mail.forget)
        st.rerun()


def _test() -> None:
    here = current()
    try:
        with st.spinner("Sending…", show_time=False):
            ready = shell.ask(alert_mail.prepare_test, vault=here.vault, panel=here.config.public_url)
            alert_mail.send_test(ready, clock.now())
    except shell.Problem as problem:
        notices.error(problem)
    else:
        notices.success(f"The server took it for {ready.recipient}. Look into that inbox, and into Junk.")
