"""What each disconnection of an address ended, row by row, so that reconnecting brings back exactly that."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, only_where, wording
from storage.kinds import Reason


class Disconnection(Base):
    """One time that an address was disconnected; `healed_at` is when the same address came back."""

    __table_args__ = (
        Index("ix_disconnection_mailbox_id", "mailbox_id"),
        # An address is disconnected once at a time.
        Index("uq_disconnection_open", "mailbox_id", unique=True, **only_where("healed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailbox.id"))
    at: Mapped[datetime]
    by: Mapped[str]
    leads: Mapped[int]  # how many failed
    healed_at: Mapped[datetime | None]
    healed: Mapped[int] = mapped_column(default=0)  # how many came back


class DisconnectedLead(Base):
    """A lead that failed with its address. `why_not` says why it did not come back when the address did."""

    __table_args__ = (Index("ix_disconnected_lead_lead_id", "lead_id"),)

    disconnection_id: Mapped[int] = mapped_column(ForeignKey("disconnection.id"), primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    healed_at: Mapped[datetime | None]
    why_not: Mapped[Reason | None] = mapped_column(wording(Reason, checked=False))
