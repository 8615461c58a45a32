"""What is needed to sign in to a mailbox, taken from its row; the password is opened here and nowhere else."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.channels.effects import GraphWay, MailAccount, Server
from engine.channels.wire import without_control_characters
from engine.desk import Problem
from engine.grants import Tokens
from storage.kinds import Provider
from storage.tables import Identity, Mailbox, MailGrant, ProviderApp
from storage.vault import Place, Vault


def password_place(mailbox: Mailbox) -> Place:
    return Place(mailbox.workspace_id, "mailbox", mailbox.id, "password")


def account_for(vault: Vault, tokens: Tokens | None = None) -> Callable[[Session, Mailbox], MailAccount]:
    """A function that makes the account of a mailbox; Problem when it can't sign in any more (it was disconnected).

    The account of a granted sign-in asks `tokens` for a fresh token when it is used.
    """

    def account(session: Session, mailbox: Mailbox) -> MailAccount:
        by_grant = mailbox.grant_id is not None and tokens is not None
        if not by_grant and mailbox.password is None:
            raise Problem(f"{mailbox.address} has no password or sign-in any more; reconnect it.")
        return MailAccount(
            address=mailbox.address,
            # A name is no reason to give up leads: what can't stand in a header is left out of it.
            display_name=without_control_characters(mailbox.display_name or _identity_name(session, mailbox)),
            username=mailbox.username,
            password="" if mailbox.password is None else vault.open(mailbox.password, password_place(mailbox)),
            imap=Server(mailbox.imap_host, mailbox.imap_port, mailbox.imap_security),
            smtp=Server(mailbox.smtp_host, mailbox.smtp_port, mailbox.smtp_security),
            sent_folder=mailbox.sent_folder,
            files_sent_itself=mailbox.files_sent_itself,
            bearer=tokens.bearer_of(mailbox.grant_id) if tokens and mailbox.grant_id is not None else None,
            graph=_graph(session, mailbox, tokens),
        )

    return account


def _graph(session: Session, mailbox: Mailbox, tokens: Tokens | None) -> GraphWay | None:
    """The way round SMTP, where the app of the address's sign-in was allowed it."""
    if tokens is None or mailbox.grant_id is None or mailbox.provider is not Provider.MICROSOFT:
        return None
    allowed = select(ProviderApp.sends_by_graph).join(MailGrant, MailGrant.provider_app_id == ProviderApp.id)
    if not session.scalar(allowed.where(MailGrant.id == mailbox.grant_id)):
        return None
    return GraphWay(tokens.where.graph, tokens.where.ca_file, tokens.graph_bearer_of(mailbox.grant_id))


def _identity_name(session: Session, mailbox: Mailbox) -> str:
    identity = session.get(Identity, mailbox.identity_id)
    return identity.name if identity else ""
