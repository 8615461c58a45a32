"""Mails that came in: how far each folder was read, and what each mail was."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, only_where, wording
from storage.kinds import IncomingKind, Reason


class MailReading(Base):
    """When a mailbox is read next, and how the last time went."""

    __table_args__ = (Index("ix_mail_reading_next_at", "next_at"),)

    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailbox.id"), primary_key=True)
    next_at: Mapped[datetime]
    last_at: Mapped[datetime | None]  # the last time that all of it was read
    owed_since: Mapped[datetime | None]  # connected again: its leads' steps wait until all was read from here on
    failures: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(default="")


class FolderCursor(Base):
    """How far a folder was read: moved in the transaction that keeps what was read."""

    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailbox.id"), primary_key=True)
    folder: Mapped[str] = mapped_column(primary_key=True)
    uid_validity: Mapped[int]
    last_uid: Mapped[int]
    at: Mapped[datetime]


class IncomingMail(Base):
    """One mail, handled once: its key is its Message-ID, or the hash of what it holds.

    Of a mail that concerns no lead nothing is kept but the key: a person's other post is nobody's business.
    """

    __table_args__ = (
        UniqueConstraint("mailbox_id", "key"),
        Index("ix_incoming_mail_lead_id", "lead_id", **only_where("lead_id IS NOT NULL")),
        Index("ix_incoming_mail_raw_until", "raw_until", **only_where("raw_until IS NOT NULL")),
        Index("ix_incoming_mail_mailbox_id", "mailbox_id", "kind", "read_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailbox.id"))
    key: Mapped[str]
    folder: Mapped[str]
    kind: Mapped[IncomingKind] = mapped_column(wording(IncomingKind, checked=False))
    reader: Mapped[int]  # the version of the reader that said so
    arrived_at: Mapped[datetime]  # by the server's clock
    read_at: Mapped[datetime]
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    action_id: Mapped[int | None] = mapped_column(ForeignKey("action.id"))  # the mail that it answers or brings back
    sender: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")  # what is new in it, or the server's own words
    cause: Mapped[str] = mapped_column(default="")  # of a bounce
    is_delay: Mapped[bool] = mapped_column(default=False)  # the server still tries, so it counts for nothing
    back_on: Mapped[date | None]  # of an out-of-office
    reason: Mapped[Reason | None] = mapped_column(wording(Reason, checked=False))  # what it did to the lead
    raw: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})
    raw_until: Mapped[datetime | None]
