"""The installation itself: its mark, its settings, who is alive, and who pressed Stop."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, wording
from storage.kinds import StopScope


class Installation(Base):
    """One row. `practice` marks a database that may only ever talk to the stand-ins."""

    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mark: Mapped[str]  # random; Message-IDs are derived from it, so a restored copy derives the same ones
    practice: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    quarantined_at: Mapped[datetime | None]  # a restored backup was noticed (G12); nothing runs until released
    generation: Mapped[int] = mapped_column(default=1)  # goes up when a restored backup is noticed: its ids begin anew
    key_check: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})  # opens: the key is this database's
    warm_up_key: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})  # signs warm-up mail


class Setting(Base):
    """Installation-wide settings that an owner changes in the panel, for example the allowed private networks."""

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    changed_at: Mapped[datetime]


class Heartbeat(Base):
    """The last sign of life of a worker, by its place (engine.workers); "worker" where there can be one only."""

    name: Mapped[str] = mapped_column(primary_key=True)
    boot: Mapped[str]
    pid: Mapped[int]
    host: Mapped[str]
    started_at: Mapped[datetime]
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(default="")


class Stop(Base):
    """Somebody pressed Stop; it holds while `released_at` is empty."""

    __table_args__ = (
        CheckConstraint(
            "(scope = 'installation' AND workspace_id IS NULL AND identity_id IS NULL)"
            " OR (scope = 'workspace' AND workspace_id IS NOT NULL AND identity_id IS NULL)"
            " OR (scope = 'identity' AND workspace_id IS NOT NULL AND identity_id IS NOT NULL)",
            name="scope_has_its_subject",
        ),
        Index("ix_stop_active", "scope", "workspace_id", "identity_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[StopScope] = mapped_column(wording(StopScope))
    workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspace.id"))
    identity_id: Mapped[int | None] = mapped_column(ForeignKey("identity.id"))
    pressed_at: Mapped[datetime]
    pressed_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    note: Mapped[str] = mapped_column(default="")
    released_at: Mapped[datetime | None]
    released_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
