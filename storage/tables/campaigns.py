"""Campaigns, their steps and leads, imports, and the suppression list."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, only_where, wording
from storage.kinds import ActionKind, CampaignState, ImportState, LeadState, Reason, SuppressionKind


class Campaign(Base):
    """Steps sent to leads by one identity. An empty `mailbox_id` is Shuffle."""

    __table_args__ = (Index("ix_campaign_workspace_id_state", "workspace_id", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    name: Mapped[str]
    state: Mapped[CampaignState] = mapped_column(wording(CampaignState), default=CampaignState.DRAFT)
    mailbox_id: Mapped[int | None] = mapped_column(ForeignKey("mailbox.id"))
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    launched_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    paused_by: Mapped[str] = mapped_column(default="")
    finished_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Step(Base):
    """One step of the sequence; `wait_minutes` passes between the end of the step before (or the launch) and this one."""

    __table_args__ = (
        UniqueConstraint("campaign_id", "position"),
        CheckConstraint("wait_minutes >= 0", name="wait"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    position: Mapped[int]  # 1, 2, 3 …
    kind: Mapped[ActionKind] = mapped_column(wording(ActionKind, checked=False), default=ActionKind.EMAIL)
    wait_minutes: Mapped[int] = mapped_column(default=0)
    subject: Mapped[str] = mapped_column(default="")  # empty on a follow-up: it goes into the thread as "Re: …"
    body: Mapped[str] = mapped_column(default="")
    body_html: Mapped[str] = mapped_column(default="")  # empty: made from the plain text
    # Of a connection request: it may go out without its note when LinkedIn lets the account write no more of them.
    may_drop_note: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Of a LinkedIn message: for how long a person who has not accepted is waited for.
    acceptance_days: Mapped[int] = mapped_column(default=30, server_default="30")


class Lead(Base):
    """A person a campaign writes to. `mailbox_id` is dealt at launch and never changes."""

    __table_args__ = (
        # Nobody is in one campaign twice, by either key; an empty key does not count.
        Index(
            "uq_lead_campaign_email",
            "campaign_id",
            "email",
            unique=True,
            **only_where("email <> ''"),
        ),
        Index(
            "uq_lead_campaign_linkedin",
            "campaign_id",
            "linkedin_url",
            unique=True,
            **only_where("linkedin_url <> ''"),
        ),
        Index("ix_lead_campaign_id_state", "campaign_id", "state"),
        Index("ix_lead_workspace_id_email", "workspace_id", "email"),
        # Whether any campaign of any client is writing to a person.
        Index("ix_lead_email", "email", **only_where("email <> ''")),
        Index("ix_lead_linkedin_url", "linkedin_url", **only_where("linkedin_url <> ''")),
        Index("ix_lead_mailbox_id_state", "mailbox_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("lead_import.id"))
    row_number: Mapped[int | None]  # in the imported file
    email: Mapped[str] = mapped_column(default="")  # lower case
    linkedin_url: Mapped[str] = mapped_column(default="")
    first_name: Mapped[str] = mapped_column(default="")
    last_name: Mapped[str] = mapped_column(default="")
    company: Mapped[str] = mapped_column(default="")
    job_title: Mapped[str] = mapped_column(default="")
    fields: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # further columns: name → text
    state: Mapped[LeadState] = mapped_column(wording(LeadState), default=LeadState.NEW)
    state_reason: Mapped[Reason | None] = mapped_column(wording(Reason, checked=False))
    state_since: Mapped[datetime]
    mailbox_id: Mapped[int | None] = mapped_column(ForeignKey("mailbox.id"))
    position: Mapped[int] = mapped_column(default=0)  # the last step that is final; 0 = none yet
    created_at: Mapped[datetime]

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email or self.linkedin_url


class LeadPause(Base):
    """A lead that was active and is held, by whom or what and since when; `ended_at` is when a person let it go on."""

    __table_args__ = (
        Index("ix_lead_pause_lead_id", "lead_id"),
        # A lead is held once at a time.
        Index("uq_lead_pause_open", "lead_id", unique=True, **only_where("ended_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    reason: Mapped[Reason] = mapped_column(wording(Reason, checked=False))
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(default="")


class LeadImport(Base):
    """One CSV given to one campaign; the content's hash keeps the same file from being imported twice."""

    __table_args__ = (UniqueConstraint("campaign_id", "content_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    file_name: Mapped[str]
    content_hash: Mapped[str]
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON)  # field → column heading
    state: Mapped[ImportState] = mapped_column(wording(ImportState))
    rows_total: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    leads_added: Mapped[int] = mapped_column(default=0)
    problems: Mapped[list[Any]] = mapped_column(JSON, default=list)  # {"row": 12, "problem": "…"}, the first 1,000
    problem_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    finished_at: Mapped[datetime | None]


class LeadImportFile(Base):
    """The bytes of an import that is not done, so that it goes on wherever a process ended; removed at its end."""

    import_id: Mapped[int] = mapped_column(ForeignKey("lead_import.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    encoding: Mapped[str]
    delimiter: Mapped[str]


class Suppression(Base):
    """Never write to this person: an address, a whole domain, or a LinkedIn profile."""

    __table_args__ = (UniqueConstraint("workspace_id", "kind", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    kind: Mapped[SuppressionKind] = mapped_column(wording(SuppressionKind))
    value: Mapped[str]  # normalised: lower case; a profile as "linkedin.com/in/slug"
    why: Mapped[str] = mapped_column(default="")
    since: Mapped[datetime]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
