"""What people are alerted to, who has seen it, and how they are told outside the panel."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, only_where, wording
from storage.kinds import AlertKind, DeliveryState, Security


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


class AlertChoice(Base):
    """Which kinds of a workspace's alerts a user wants by mail, once they chose; an empty list is none."""

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    kinds: Mapped[list[Any]]
    changed_at: Mapped[datetime]


class AlertMail(Base):
    """How the installation itself sends mail: one row, or none."""

    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    host: Mapped[str]
    port: Mapped[int]
    security: Mapped[Security] = mapped_column(wording(Security))
    username: Mapped[str]
    password: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})
    sender: Mapped[str]
    changed_at: Mapped[datetime]


class Webhook(Base):
    """Where a workspace's alerts are posted. The address is sealed too: many a one is a password by itself."""

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), unique=True)
    host: Mapped[str]
    address: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})
    secret: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})
    kinds: Mapped[list[Any]]
    changed_at: Mapped[datetime]


class AlertDelivery(Base):
    """One telling of one alert: by mail to a user, or to the webhook (no user). Made with the alert, sent by the worker."""

    __table_args__ = (
        Index("uq_alert_delivery_user", "alert_id", "user_id", unique=True, **only_where("user_id IS NOT NULL")),
        Index("uq_alert_delivery_webhook", "alert_id", unique=True, **only_where("user_id IS NULL")),
        Index("ix_alert_delivery_next_at", "next_at", **only_where("state = 'waiting'")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alert.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    state: Mapped[DeliveryState] = mapped_column(wording(DeliveryState, checked=False))
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]  # while it waits; a claim moves it on, so that a second worker passes by
    done_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")  # what the last attempt came to
