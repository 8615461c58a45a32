"""The workspace's webhook: where its alerts are posted, how a receiver checks them, and what came of the last ones."""

import streamlit as st

from engine import webhooks
from engine.installation import current
from engine.webhooks import Posted, WebhookView
from pages import badges, notices, reader, shell
from pages.campaigns.doing import done
from pages.settings import secret_fields, webhook_guide
from storage.kinds import TOLD_KINDS, DeliveryState, Permission

_ADDRESS = "webhook-address"


def show() -> None:
    visit = shell.visit()
    shell.require(Permission.ADMINISTER, visit)
    shell.header("Webhook", "Alerts of this workspace, posted as signed JSON to a program of yours.")
    if not visit.all_identities:
        notices.warning("A webhook tells of every identity, and you have access to named ones only. Ask another admin.")
        return
    told = st.container()
    _form(shell.ask(webhooks.look))
    found = shell.ask(webhooks.look)  # the form may just have made it
    if found is None:
        with told:
            notices.info("Nothing is posted yet. Enter the address that is to receive alerts.", icon=":material/webhook:")
    else:
        _buttons()
        _last(visit, found)
    with st.expander("What is posted, and how to check its signature", icon=":material/menu_book:"):
        st.markdown(webhook_guide.GUIDE)


def _form(found: WebhookView | None) -> None:
    with st.form("webhook", border=True):
        address = secret_fields.field(
            "Address",
            _ADDRESS,
            is_hidden=False,
            max_chars=500,
            placeholder="Kept; enter one to replace it" if found else "https://hooks.example.com/outpost",
            help="Sealed like a password, since many such addresses are one. Redirects are not followed.",
        )
        if found:
            st.caption(f"Alerts go to **{badges.plain(found.host, 80)}**.")
        now = found.kinds if found else frozenset(TOLD_KINDS)
        wanted = [kind for kind in TOLD_KINDS if st.checkbox(kind.label, kind in now, key=f"hook-{kind}")]
        pressed = st.form_submit_button("Save the webhook", type="primary")
    if not pressed:
        return
    kept = shell.attempt(webhooks.keep, address=address, kinds=wanted, vault=current().vault)
    if kept is not None:
        secret_fields.forget(_ADDRESS)
    if kept is not None and kept.secret:
        _once(kept.secret)
    elif kept is not None:
        notices.toast("Saved.", icon=":material/check_circle:")
        st.rerun()


def _once(secret: str) -> None:
    """Never kept in the session: this run shows it, and no other."""
    notices.success("Saved. Copy the secret that posts are signed with; it is not shown again.", icon=":material/key:")
    st.code(secret, language=None, wrap_lines=True)


def _buttons() -> None:
    with st.container(horizontal=True):
        test = st.button("Send a test", icon=":material/send:", key="webhook-test")
        renew = st.button("New secret", icon=":material/key:", key="webhook-renew", help="The old one ends at once.")
        forget = st.button("Remove the webhook", icon=":material/delete:", key="webhook-forget")
    if test:
        _test()
    if renew and (kept := shell.attempt(webhooks.renew_secret, vault=current().vault)):
        _once(kept.secret)
    if forget and done(webhooks.forget):
        st.rerun()


def _test() -> None:
    here = current()
    with st.spinner("Posting…", show_time=False):
        ready = shell.attempt(webhooks.prepare_test, vault=here.vault, panel=here.config.public_url)
        answer = webhooks.send_test(ready) if ready is not None else None
    if answer is None:
        return
    (notices.success if answer.is_good else notices.error)(answer.sentence)


def _last(visit: shell.Visit, found: WebhookView) -> None:
    st.subheader("Last alerts", anchor=False)
    if not found.last:
        st.caption("None yet since the webhook was set up.")
    for one in found.last:
        with st.container(border=True, gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                badges.badge(one.state)
                st.markdown(f"**{badges.plain(one.subject, 60)}** · {one.kind.label}", width="content")
                badges.when(one.done_at or one.raised_at, reader.zone(), visit.now)
            st.caption(badges.plain(_came(visit, one), 500))


def _came(visit: shell.Visit, one: Posted) -> str:
    if one.state is DeliveryState.WAITING:
        again = badges.moment(one.next_at, reader.zone(), visit.now).text
        return f"{one.note} Attempt {one.attempts + 1}: {again}." if one.attempts else f"First attempt: {again}."
    return one.note


show()
