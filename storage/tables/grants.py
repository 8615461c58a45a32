"""Signing in at Google and Microsoft: the apps, what people granted to them, sign-ins under way, and admins' answers."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Base, only_where, wording
from storage.kinds import Provider


class ProviderApp(Base):
    """The app that asks at a provider: the installation's (no workspace), or one workspace's own."""

    __table_args__ = (
        UniqueConstraint("workspace_id", "provider"),
        # NULLs are not equal to each other, so the installation's own needs a promise of its own.
        Index("uq_provider_app_of_installation", "provider", unique=True, **only_where("workspace_id IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int | None] = mapped_column(ForeignKey("workspace.id"))
    provider: Mapped[Provider] = mapped_column(wording(Provider))
    client_id: Mapped[str]
    secret: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})
    tenant: Mapped[str] = mapped_column(default="")  # Microsoft: "organizations", or the one tenant the app is for
    in_testing: Mapped[bool] = mapped_column(default=False)  # Google: its grants die after seven days
    sends_by_graph: Mapped[bool] = mapped_column(default=False)  # Microsoft: where the tenant forbids SMTP
    changed_at: Mapped[datetime]


class MailGrant(Base):
    """What a person granted to an app for one address; the old refresh token stays until the new one is stored."""

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    provider_app_id: Mapped[int] = mapped_column(ForeignKey("provider_app.id"))
    provider: Mapped[Provider] = mapped_column(wording(Provider))
    address: Mapped[str] = mapped_column(index=True)
    subject: Mapped[str] = mapped_column(default="")  # the provider's own number of the account
    tenant: Mapped[str] = mapped_column(default="")
    scopes: Mapped[str] = mapped_column(default="")
    refresh_token: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})
    access_token: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})
    access_expires_at: Mapped[datetime | None]
    granted_at: Mapped[datetime]
    rotated_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]  # one refresh at a time; a claim whose process died ends by itself
    retry_at: Mapped[datetime | None]  # the provider was unwell: not asked again before
    dies_at: Mapped[datetime | None]  # the known end: 7 days for an app in testing, 6 months without use
    ended_at: Mapped[datetime | None]  # the provider no longer accepts it
    revoked_at: Mapped[datetime | None]  # given back at the provider at our wish
    note: Mapped[str] = mapped_column(default="")


class SignInFlow(Base):
    """A sign-in under way at a provider, bound to one browser's session; its state is kept as a hash and is good once."""

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    provider_app_id: Mapped[int] = mapped_column(ForeignKey("provider_app.id"))
    provider: Mapped[Provider] = mapped_column(wording(Provider))
    address: Mapped[str]
    state_hash: Mapped[str] = mapped_column(unique=True)
    session_hash: Mapped[str]
    flow: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})  # the PKCE verifier, the nonce
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    denial: Mapped[str] = mapped_column(default="")  # what came of it: empty when the address was connected
    note: Mapped[str] = mapped_column(default="")


class AdminConsent(Base):
    """A client's administrator was asked to approve the app: asked, approved or refused, each with its date."""

    __table_args__ = (Index("ix_admin_consent_identity_id", "identity_id", "address"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    provider_app_id: Mapped[int] = mapped_column(ForeignKey("provider_app.id"))
    address: Mapped[str]
    state_hash: Mapped[str] = mapped_column(unique=True)
    state: Mapped[bytes | None] = mapped_column(LargeBinary, info={"sealed": True})  # the link can be copied again
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    tenant: Mapped[str] = mapped_column(default="")  # as the answer names it; never used to authenticate
    note: Mapped[str] = mapped_column(default="")
