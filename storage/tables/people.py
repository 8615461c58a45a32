"""Users, their sessions, the workspaces they belong to, and the audit log of what they did."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, wording
from storage.kinds import PoolScope, Role, WarmUpPreset


class User(Base):
    __table_args__ = (UniqueConstraint("email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]  # as written, lower case
    name: Mapped[str]
    password_hash: Mapped[str]  # argon2id
    is_owner: Mapped[bool] = mapped_column(default=False)  # administers the installation and every workspace
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None]  # the last accepted 30-second step: a code is good once
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class UserSession(Base):
    """A signed-in browser; the cookie's 256-bit token is kept as its SHA-256 only."""

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # absolute end; the idle end is counted from last_seen_at
    ended_at: Mapped[datetime | None]
    awaits_code: Mapped[bool] = mapped_column(default=False)  # the password was right; the authenticator code is still owed
    address: Mapped[str] = mapped_column(default="")
    user_agent: Mapped[str] = mapped_column(default="")


class SignIn(Base):
    """One attempt to sign in, good or bad: what throttling counts and what a user sees as last sign-ins."""

    __table_args__ = (Index("ix_sign_in_email_at", "email", "at"), Index("ix_sign_in_address_at", "address", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    email: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    address: Mapped[str]
    user_agent: Mapped[str] = mapped_column(default="")
    succeeded: Mapped[bool]


class Workspace(Base):
    """One client."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    # Between whose addresses its warm-up mail goes, and how fast it rises; empty: as the installation's policy says.
    warm_up_scope: Mapped[PoolScope | None] = mapped_column(wording(PoolScope, checked=False))
    warm_up_preset: Mapped[WarmUpPreset | None] = mapped_column(wording(WarmUpPreset, checked=False))


class Membership(Base):
    """A user's role in a workspace; without `all_identities` access is to the named ones only."""

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), primary_key=True, index=True)
    role: Mapped[Role] = mapped_column(wording(Role))
    all_identities: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class MembershipIdentity(Base):
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), primary_key=True, index=True)


class Invitation(Base):
    """A one-time link that makes a user; the token is kept as its SHA-256 only."""

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), index=True)
    role: Mapped[Role] = mapped_column(wording(Role))
    all_identities: Mapped[bool] = mapped_column(default=True)
    identity_ids: Mapped[list[Any]] = mapped_column(JSON, default=list)
    invited_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class OwnerReset(Base):
    """A one-time link, made on the server, by which an owner chooses a new password; kept as its SHA-256 only."""

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Audit(Base):
    """Who, when, what, old → new. Append-only by trigger."""

    __table_args__ = (Index("ix_audit_workspace_id_at", "workspace_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None]  # no foreign key: a line outlives everything it speaks of
    actor: Mapped[str]  # the user's e-mail at that time, or "worker"
    workspace_id: Mapped[int | None]
    what: Mapped[str]  # a verb and its object, for example "limit.changed"
    subject: Mapped[str]  # table and id, for example "mailbox:12"
    identity_id: Mapped[int | None]
    old: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    new: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
