"""Warm-up: what runs, the campaigns it holds, the addresses that take part, and every mail between two of them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, only_where, wording
from storage.kinds import Landing, WarmUpPause, WarmUpPreset


class WarmUp(Base):
    """A warm-up of one address: a state with a who and a when, so a row. At most one runs on an address."""

    __table_args__ = (
        Index("ix_warm_up_mailbox_id", "mailbox_id"),
        Index("uq_warm_up_running", "mailbox_id", unique=True, **only_where("stopped_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailbox.id"))
    started_at: Mapped[datetime]
    started_by: Mapped[str] = mapped_column(default="", server_default="")
    preset: Mapped[WarmUpPreset] = mapped_column(
        wording(WarmUpPreset, checked=False), default=WarmUpPreset.USUAL, server_default="usual"
    )
    day: Mapped[int] = mapped_column(default=1, server_default="1")  # of the plan
    planned_on: Mapped[date | None]  # the local date whose mails were planned last; empty: the day is still to begin
    target: Mapped[int] = mapped_column(default=0, server_default="0")  # of that date, replies included
    shrunk: Mapped[str] = mapped_column(default="", server_default="")  # why that is less than the plan
    paused_at: Mapped[datetime | None]
    pause: Mapped[WarmUpPause | None] = mapped_column(wording(WarmUpPause, checked=False))
    pause_note: Mapped[str] = mapped_column(default="", server_default="")  # who, or the sentence that says why
    resumed_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]  # that the plan's last day was reached
    stopped_at: Mapped[datetime | None]
    stopped_by: Mapped[str] = mapped_column(default="", server_default="")
    price_cents: Mapped[int] = mapped_column(default=0, server_default="0")  # a month, as it was at the start


class WarmUpCampaign(Base):
    """A campaign that a warm-up paused; one whose `version` is another by now was changed by a person."""

    __table_args__ = (Index("ix_warm_up_campaign_campaign_id", "campaign_id"),)

    warm_up_id: Mapped[int] = mapped_column(ForeignKey("warm_up.id"), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    version: Mapped[int]
    resumed_at: Mapped[datetime | None]


class WarmUpMember(Base):
    """What an address's owner decided about taking part; one without a row takes part and nothing is moved in its Junk."""

    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailbox.id"), primary_key=True)
    takes_part: Mapped[bool] = mapped_column(default=True)
    may_rescue: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(default="en")
    looked_at: Mapped[datetime | None]  # the last time its folders were read
    note: Mapped[str] = mapped_column(default="")  # what went wrong then


class WarmUpMessage(Base):
    """One warm-up mail from one address of the pool to another, and what became of it there."""

    __table_args__ = (
        CheckConstraint("sender_id <> recipient_id", name="between_two"),
        # One answer to a mail, whatever is read again after a crash.
        Index("uq_warm_up_message_answered", "answers_id", unique=True, **only_where("answers_id IS NOT NULL")),
        Index("uq_warm_up_message_message_id", "message_id", unique=True),
        Index("uq_warm_up_message_action_id", "action_id", unique=True),
        Index("ix_warm_up_message_recipient_id", "recipient_id", "filed_at"),
        Index("ix_warm_up_message_sender_id", "sender_id", "planned_day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"))
    warm_up_id: Mapped[int | None] = mapped_column(ForeignKey("warm_up.id"))  # the sender's; a mere partner has none
    sender_id: Mapped[int] = mapped_column(ForeignKey("mailbox.id"))
    recipient_id: Mapped[int] = mapped_column(ForeignKey("mailbox.id"))
    answers_id: Mapped[int | None] = mapped_column(ForeignKey("warm_up_message.id"))
    planned_day: Mapped[date]  # in the sender's zone
    message_id: Mapped[str]
    token: Mapped[str]  # two words of the subject that no other mail of the pair has
    subject: Mapped[str]
    text_number: Mapped[int]
    language: Mapped[str]
    arrived_as: Mapped[str | None]  # the Message-ID under which it was found, where a provider rewrote it
    seen_at: Mapped[datetime | None]
    landed: Mapped[Landing | None] = mapped_column(wording(Landing, checked=False))
    rescued_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    filed_at: Mapped[datetime | None]
    copy_filed_at: Mapped[datetime | None]  # the sender's own copy
