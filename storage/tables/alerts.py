"""What people are alerted to, and who has seen it."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, only_where, wording
from storage.kinds import AlertKind


class Alert(Base):
    """One thing that a person should know of. While it is not cleared, its `dedupe` keeps a second one away."""

    __table_args__ = (
        Index("ix_alert_workspace_id", "workspace_id", "id"),
        Index("uq_alert_open", "dedupe", unique=True, **only_where("cleared_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    kind: Mapped[AlertKind] = mapped_column(wording(AlertKind, checked=False))
    subject: Mapped[str]
    sentence: Mapped[str]
    dedupe: Mapped[str]
    at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]  # its ground is gone


class AlertSeen(Base):
    """Up to which alert of a workspace a user has looked."""

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    last_id: Mapped[int]
