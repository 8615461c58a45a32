"""LinkedIn: the account behind an identity, its owner's consent, sign-ins under way, invitations, and share links."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, only_where, wording
from storage.kinds import LinkedInSignInState


class LinkedInAccount(Base):
    """The LinkedIn account of one identity and its browser session; `identity.linkedin_state` says how it stands."""

    __tablename__ = "linkedin_account"
    __table_args__ = (
        Index("uq_linkedin_account_identity_id", "identity_id", unique=True),
        # One account acts for one identity in the whole installation, else its limits would count twice.
        Index("uq_linkedin_account_profile", "profile", unique=True, **only_where("session IS NOT NULL")),
        Index("ix_linkedin_account_look_at", "look_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    email: Mapped[str] = mapped_column(default="")  # of the sign-in
    profile: Mapped[str] = mapped_column(default="")  # "linkedin.com/in/slug"
    member_id: Mapped[str] = mapped_column(default="")
    name: Mapped[str] = mapped_column(default="")
    has_seat: Mapped[bool] = mapped_column(default=False)  # Sales Navigator
    has_premium: Mapped[bool] = mapped_column(default=False)  # as a person says: its notes may be longer
    title: Mapped[str] = mapped_column(default="")  # as the profile says it
    photo: Mapped[bytes | None] = mapped_column(LargeBinary)  # the profile's, redrawn as identities' photos are
    offer_declined_at: Mapped[datetime | None]  # a person kept what they had typed; empty again when the profile changes
    session: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})  # cookies and local storage
    state_since: Mapped[datetime]
    state_note: Mapped[str] = mapped_column(default="")  # the sentence that says what is wrong and what to do
    connected_at: Mapped[datetime | None]  # the first time
    drifts: Mapped[int] = mapped_column(default=0)  # pages in a row that were not as known
    notes_out_until: Mapped[datetime | None]  # LinkedIn lets it write no more notes until then
    look_at: Mapped[datetime | None]  # when its connections and inbox are read next
    looked_at: Mapped[datetime | None]
    withdraw_after_days: Mapped[int | None]  # empty: withdrawals are off
    # Of its seat's scrapings a day, how many the campaigns of the workspace's other identities may use: the shared pool.
    shared_scrapings: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class LinkedInConsent(Base):
    """The account's owner accepted the risk notice, in this wording; without a row of the newest one nothing runs."""

    __tablename__ = "linkedin_consent"
    __table_args__ = (Index("ix_linkedin_consent_identity_id", "identity_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    version: Mapped[int]
    wording: Mapped[str]
    accepted_at: Mapped[datetime]
    accepted_by: Mapped[str]  # the user's e-mail, or the name given behind a share link
    address: Mapped[str] = mapped_column(default="")
    withdrawn_at: Mapped[datetime | None]


class LinkedInSignIn(Base):
    """A sign-in held open by the worker; the password and the answers stay sealed until it takes them, then are gone."""

    __tablename__ = "linkedin_sign_in"
    __table_args__ = (
        Index("uq_linkedin_sign_in_open", "identity_id", unique=True, **only_where("ended_at IS NULL")),
        Index("ix_linkedin_sign_in_identity_id", "identity_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    email: Mapped[str]
    password: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})
    state: Mapped[LinkedInSignInState] = mapped_column(wording(LinkedInSignInState, checked=False))
    asked: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # what LinkedIn asks: kind, hint, error, options
    asked_number: Mapped[int] = mapped_column(default=0)  # an answer is for the question it was given to
    answer: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})
    picture: Mapped[bytes | None] = mapped_column(LargeBinary)  # of a check that a person must finish elsewhere
    note: Mapped[str] = mapped_column(default="")
    started_by: Mapped[str]
    started_at: Mapped[datetime]
    holder: Mapped[str | None]  # the boot id of the worker that has it
    ends_at: Mapped[datetime]  # nobody is waited for longer
    ended_at: Mapped[datetime | None]
    share_link_id: Mapped[int | None] = mapped_column(ForeignKey("share_link.id"))


class LinkedInInvitation(Base):
    """A connection request that went out, and what became of it: accepted, withdrawn, or still pending."""

    __tablename__ = "linkedin_invitation"
    __table_args__ = (
        Index(
            "uq_linkedin_invitation_pending",
            "identity_id",
            "profile",
            unique=True,
            **only_where("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
        # Never withdrawn twice.
        Index(
            "uq_linkedin_invitation_withdrawal_id",
            "withdrawal_id",
            unique=True,
            **only_where("withdrawal_id IS NOT NULL"),
        ),
        Index("ix_linkedin_invitation_workspace_id_profile", "workspace_id", "profile"),
        Index("ix_linkedin_invitation_lead_id", "lead_id"),
        CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name="one_end"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    action_id: Mapped[int | None] = mapped_column(ForeignKey("action.id"))
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"))
    profile: Mapped[str]  # "linkedin.com/in/slug"
    name: Mapped[str] = mapped_column(default="")
    sent_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawal_id: Mapped[int | None] = mapped_column(ForeignKey("action.id"))


class ShareLink(Base):
    """A link by which an account's owner connects LinkedIn without being a user; the token is kept as its SHA-256 only.

    Opening it uses nothing up: scanners open links too. Submitting does, once.
    """

    __table_args__ = (Index("ix_share_link_identity_id", "identity_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    expires_at: Mapped[datetime]
    opened: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None]  # the last time
    opened_from: Mapped[str] = mapped_column(default="")
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
