"""The ledger: lanes, actions, the append-only events, and what was spent on which clock."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, false, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, only_where, wording
from storage.kinds import ActionKind, ActionState, Channel, QuotaClock, Reason

# SQLite reads by a partial index only where its condition stands in the statement word for word, values in their order.
OPEN = "state IN ('planned', 'due', 'failed_temporary')"
PARKED = "state = 'parked'"
UNSETTLED = "state IN ('reserved', 'sending', 'unknown', 'reconciling', 'parked')"


class Lane(Base):
    """One mailbox, or one identity's LinkedIn account: at most one effect is in flight on it (G6).

    It carries the lease (`holder`, `lease_until`) fenced by `epoch`, and `wake_at`, the agenda's index: the instant at
    which looking at this lane next makes sense. NULL means that nothing is open or only a person can change it.
    """

    __table_args__ = (
        Index("ix_lane_wake_at", "wake_at"),
        UniqueConstraint("mailbox_id"),
        Index("ix_lane_identity_id", "identity_id"),
        Index("ix_lane_holder", "holder", **only_where("holder IS NOT NULL")),
        Index(
            "uq_lane_identity_linkedin",
            "identity_id",
            unique=True,
            **only_where("channel = 'linkedin'"),
        ),
        CheckConstraint("(channel = 'email') = (mailbox_id IS NOT NULL)", name="channel_has_its_subject"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    channel: Mapped[Channel] = mapped_column(wording(Channel))
    mailbox_id: Mapped[int | None] = mapped_column(ForeignKey("mailbox.id"))
    wake_at: Mapped[datetime | None]
    epoch: Mapped[int] = mapped_column(default=0)
    holder: Mapped[str | None]  # the boot id of the worker that has it
    lease_until: Mapped[datetime | None]
    last_effect_at: Mapped[datetime | None]  # when the last effect began; the gap counts from here


class LimitSetting(Base):
    """A limit and how long it was in force; the one without `until` in the past and the latest `since` holds.

    A temporary raise has an `until` and falls back by itself to the newest one below it.
    """

    __table_args__ = (
        Index("ix_limit_setting_lane_id", "lane_id", "kind", "clock"),
        CheckConstraint("value >= 0", name="value"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lane_id: Mapped[int] = mapped_column(ForeignKey("lane.id"))
    kind: Mapped[ActionKind] = mapped_column(wording(ActionKind, checked=False))
    clock: Mapped[QuotaClock] = mapped_column(wording(QuotaClock))
    value: Mapped[int]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(default="")
    set_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class Action(Base):
    """One thing to do to the world, at most once. Its state moves only along `kinds.TRANSITIONS`."""

    __table_args__ = (
        # A lead gets each step once, whatever is launched, resumed or imported again.
        UniqueConstraint("lead_id", "step_id"),
        UniqueConstraint("message_id"),
        Index(
            "ix_action_open",
            "lane_id",
            "kind",
            "campaign_id",
            "due_at",
            **only_where(OPEN),
        ),
        Index(
            "ix_action_unsettled",
            "state",
            "lane_id",
            **only_where(UNSETTLED),
        ),
        # Without the state: an action's moves change nothing here.
        Index("ix_action_campaign_id", "campaign_id"),
        Index("ix_action_parked", "workspace_id", **only_where(PARKED)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    lane_id: Mapped[int] = mapped_column(ForeignKey("lane.id"))
    kind: Mapped[ActionKind] = mapped_column(wording(ActionKind, checked=False))
    state: Mapped[ActionState] = mapped_column(wording(ActionState), default=ActionState.PLANNED)
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    step_id: Mapped[int | None] = mapped_column(ForeignKey("step.id"))
    due_at: Mapped[datetime]  # not before
    message_id: Mapped[str | None]  # with its angle brackets; fixed when planned, so every attempt carries the same one
    attempt: Mapped[int] = mapped_column(default=0)
    epoch: Mapped[int | None]  # of the lane's lease, while reserved or sending
    not_after: Mapped[datetime | None]  # the end of the window it was reserved for
    reserved_at: Mapped[datetime | None]
    sending_at: Mapped[datetime | None]
    final_at: Mapped[datetime | None]
    looked_up: Mapped[int] = mapped_column(default=0)  # how often the outcome was looked up
    reason: Mapped[Reason | None] = mapped_column(wording(Reason, checked=False))  # why it waits or how it ended
    wait_until: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")  # the server's own words, scrubbed
    created_at: Mapped[datetime]


class Event(Base):
    """The ledger's line: one change of one action. Append-only by trigger."""

    __table_args__ = (
        Index("ix_event_action_id", "action_id"),
        Index("ix_event_at", "at"),
        Index("ix_event_identity_id", "identity_id", "id"),  # an identity's newest lines
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"))
    workspace_id: Mapped[int]
    identity_id: Mapped[int]
    lane_id: Mapped[int]
    campaign_id: Mapped[int | None]
    kind: Mapped[ActionKind] = mapped_column(wording(ActionKind, checked=False))
    before: Mapped[ActionState | None] = mapped_column(wording(ActionState, checked=False))  # empty: it was planned
    after: Mapped[ActionState] = mapped_column(wording(ActionState, checked=False))
    local_day: Mapped[date]  # in the identity's zone at that instant
    spent: Mapped[int] = mapped_column(default=0)  # +1 when quota was taken, -1 when it was given back with proof
    actor: Mapped[str]  # "worker", or the user's e-mail
    reason: Mapped[Reason | None] = mapped_column(wording(Reason, checked=False))
    attempt: Mapped[int]
    evidence: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class QuotaUse(Base):
    """How much of one local day's limit is used: the referee of the day clock, in one conditional statement."""

    __table_args__ = (CheckConstraint("used >= 0", name="used"),)

    lane_id: Mapped[int] = mapped_column(ForeignKey("lane.id"), primary_key=True)
    kind: Mapped[ActionKind] = mapped_column(wording(ActionKind, checked=False), primary_key=True)
    local_day: Mapped[date] = mapped_column(primary_key=True)
    used: Mapped[int] = mapped_column(default=0)


_KEPT = ("lane_id", "kind", "at", "local_day", "given_back_at")


class Spend(Base):
    """One unit of quota taken by one attempt; what the rolling clocks count. Given back only with proof."""

    __table_args__ = (
        UniqueConstraint("action_id", "attempt"),
        # All that counting asks for; the last column, which is always NULL here, lets SQLite see that it is all.
        Index("ix_spend_kept", *_KEPT, **only_where("given_back_at IS NULL")),
        Index("ix_spend_notes", "lane_id", "at", **only_where("has_note")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    action_id: Mapped[int] = mapped_column(ForeignKey("action.id"))
    attempt: Mapped[int]
    lane_id: Mapped[int] = mapped_column(ForeignKey("lane.id"))
    kind: Mapped[ActionKind] = mapped_column(wording(ActionKind, checked=False))
    at: Mapped[datetime]
    local_day: Mapped[date]
    has_note: Mapped[bool] = mapped_column(default=False, server_default=false())  # a connection request that carries one
    given_back_at: Mapped[datetime | None]


class Freeze(Base):
    """A lane, or one kind of action on it, that a provider's limit or warning keeps still until `until`."""

    __table_args__ = (Index("ix_freeze_lane_id", "lane_id", **only_where("lifted_at IS NULL")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lane_id: Mapped[int] = mapped_column(ForeignKey("lane.id"))
    kind: Mapped[ActionKind | None] = mapped_column(wording(ActionKind, checked=False))  # empty: everything on the lane
    since: Mapped[datetime]
    until: Mapped[datetime]
    reason: Mapped[Reason] = mapped_column(wording(Reason, checked=False))
    note: Mapped[str] = mapped_column(default="")  # the provider's own words, scrubbed
    lifted_at: Mapped[datetime | None]


# Written out, since a partial index is used only where its condition stands in the statement itself.
IS_PARKED = Action.state == literal_column(f"'{ActionState.PARKED.value}'")
