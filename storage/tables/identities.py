"""Identities (sender profiles): contact details, working hours, holidays, photo."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, wording
from storage.kinds import LinkedInState


class Identity(Base):
    """A sender profile of one client.

    Working hours: `work_days` holds ISO weekdays (1 = Monday); minutes count from local midnight; an end at or before the
    start lies on the next day, and 1440 is midnight at the day's end.
    """

    __table_args__ = (
        CheckConstraint("work_start >= 0 AND work_start < 1440", name="work_start"),
        CheckConstraint("work_end > 0 AND work_end <= 1440 AND work_end <> work_start", name="work_end"),
        Index("ix_identity_workspace_id_sort_name", "workspace_id", "sort_name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    first_name: Mapped[str]
    last_name: Mapped[str] = mapped_column(default="")
    sort_name: Mapped[str]  # casefolded "first last", for search and order
    job_title: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    linkedin_url: Mapped[str] = mapped_column(default="")
    meeting_url: Mapped[str] = mapped_column(default="")
    crm_user: Mapped[str] = mapped_column(default="")
    linkedin_state: Mapped[LinkedInState] = mapped_column(wording(LinkedInState), default=LinkedInState.NEVER)
    zone: Mapped[str] = mapped_column(default="UTC")  # IANA
    work_days: Mapped[list[Any]] = mapped_column(JSON)
    work_start: Mapped[int]
    work_end: Mapped[int]
    holiday_country: Mapped[str] = mapped_column(default="")  # ISO 3166 alpha-2, or "US-CA" with a subdivision; "" = none
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))  # "mine" in the filters
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)  # two people saving from the same read: the second is told

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Holiday(Base):
    """A day on which the identity does not work, beside its country's calendar."""

    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    note: Mapped[str] = mapped_column(default="")


class Photo(Base):
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), primary_key=True)
    content_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime]
