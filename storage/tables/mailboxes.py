"""Mailboxes: the connected e-mail addresses of an identity."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, only_where, wording
from storage.kinds import MailboxState, Provider, Security


class Mailbox(Base):
    """One e-mail address and its standing link to a provider.

    Removed is not deleted: the row stays, so that reconnecting the same address can bring back exactly its leads.
    """

    __table_args__ = (
        # One address sends for one identity at a time in the whole installation, else its limit would count twice.
        Index(
            "uq_mailbox_address_live",
            "address",
            unique=True,
            **only_where("removed_at IS NULL"),
        ),
        Index("ix_mailbox_identity_id", "identity_id"),
        Index("ix_mailbox_address", "address"),
        Index("ix_mailbox_next_probe_at", "next_probe_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    address: Mapped[str]  # lower case
    provider: Mapped[Provider] = mapped_column(wording(Provider))
    display_name: Mapped[str] = mapped_column(default="")
    state: Mapped[MailboxState] = mapped_column(wording(MailboxState), default=MailboxState.NEVER)
    state_since: Mapped[datetime]
    state_note: Mapped[str] = mapped_column(default="")  # the sentence that says what is wrong and what to do
    last_good_at: Mapped[datetime | None]  # the last probe that logged in to both sides
    next_probe_at: Mapped[datetime | None]
    probe_failures: Mapped[int] = mapped_column(default=0)
    paused_at: Mapped[datetime | None]  # paused by a person: holds its leads, is not disconnected
    removed_at: Mapped[datetime | None]
    username: Mapped[str] = mapped_column(default="")
    password: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("mail_grant.id"))  # instead of a password
    imap_host: Mapped[str] = mapped_column(default="")
    imap_port: Mapped[int] = mapped_column(default=993)
    imap_security: Mapped[Security] = mapped_column(wording(Security, name="imap_security"), default=Security.SSL)
    smtp_host: Mapped[str] = mapped_column(default="")
    smtp_port: Mapped[int] = mapped_column(default=587)
    smtp_security: Mapped[Security] = mapped_column(wording(Security, name="smtp_security"), default=Security.STARTTLS)
    sent_folder: Mapped[str] = mapped_column(default="")
    junk_folder: Mapped[str] = mapped_column(default="")
    files_sent_itself: Mapped[bool] = mapped_column(default=False)  # then absence from Sent proves "not sent"
    gap_seconds: Mapped[int] = mapped_column(default=600)  # the least time between two mails
    signature: Mapped[str] = mapped_column(default="")  # plain text
    created_at: Mapped[datetime]
    connected_at: Mapped[datetime | None]  # the first time; "new" is counted from here

    @property
    def has_sign_in(self) -> bool:
        return self.password is not None or self.grant_id is not None
