"""Grants, provider apps, and the three new states of an address."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


_BEFORE = ("never", "ok", "degraded", "reconnect_needed", "disconnected")
_NOW = (*_BEFORE[:4], "waiting_for_approval", "refused", "disabled_by_tenant", "disconnected")


def _checks(states: tuple[str, ...]) -> tuple[sa.CheckConstraint, ...]:
    """SQLite's rebuilt table gets the checks that it is told of, and no other."""
    values = {
        "provider": ("provider", ("imap", "google", "microsoft")),
        "mailbox_state": ("state", states),
        "imap_security": ("imap_security", ("ssl", "starttls")),
        "smtp_security": ("smtp_security", ("ssl", "starttls")),
    }
    return tuple(
        sa.CheckConstraint(sa.column(column).in_(words), name=op.f(f"ck_mailbox_{name}"))
        for name, (column, words) in values.items()
    )


def upgrade() -> None:
    op.create_table(
        "provider_app",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "provider",
            sa.Enum("imap", "google", "microsoft", name="provider", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("in_testing", sa.Boolean(), nullable=False),
        sa.Column("sends_by_graph", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_provider_app_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_app")),
        sa.UniqueConstraint("workspace_id", "provider", name=op.f("uq_provider_app_workspace_id_provider")),
    )
    with op.batch_alter_table("provider_app", schema=None) as batch_op:
        batch_op.create_index(
            "uq_provider_app_of_installation",
            ["provider"],
            unique=True,
            sqlite_where=sa.text("workspace_id IS NULL"),
            postgresql_where=sa.text("workspace_id IS NULL"),
        )

    op.create_table(
        "admin_consent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("identity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_app_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("refused_at", sa.BigInteger(), nullable=True),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_admin_consent_identity_id")),
        sa.ForeignKeyConstraint(["provider_app_id"], ["provider_app.id"], name=op.f("fk_admin_consent_provider_app_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_admin_consent_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_consent")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_admin_consent_state_hash")),
    )
    with op.batch_alter_table("admin_consent", schema=None) as batch_op:
        batch_op.create_index("ix_admin_consent_identity_id", ["identity_id", "address"], unique=False)

    op.create_table(
        "mail_grant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_app_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "provider",
            sa.Enum("imap", "google", "microsoft", name="provider", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column("access_token", sa.LargeBinary(), nullable=True),
        sa.Column("access_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("rotated_at", sa.BigInteger(), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("retry_at", sa.BigInteger(), nullable=True),
        sa.Column("dies_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["provider_app_id"], ["provider_app.id"], name=op.f("fk_mail_grant_provider_app_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_mail_grant_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_grant")),
    )
    with op.batch_alter_table("mail_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_grant_address"), ["address"], unique=False)

    op.create_table(
        "sign_in_flow",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("identity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_app_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "provider",
            sa.Enum("imap", "google", "microsoft", name="provider", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("session_hash", sa.String(), nullable=False),
        sa.Column("flow", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_sign_in_flow_identity_id")),
        sa.ForeignKeyConstraint(["provider_app_id"], ["provider_app.id"], name=op.f("fk_sign_in_flow_provider_app_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_sign_in_flow_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_flow")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_sign_in_flow_state_hash")),
    )
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_mailbox_mailbox_state"), "mailbox", type_="check")
        op.create_check_constraint(op.f("ck_mailbox_mailbox_state"), "mailbox", sa.column("state").in_(_NOW))
    with op.batch_alter_table("mailbox", schema=None, table_args=_checks(_NOW)) as batch_op:
        batch_op.add_column(sa.Column("grant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_mailbox_grant_id"), "mail_grant", ["grant_id"], ["id"])


def downgrade() -> None:
    new = sa.column("state").in_(set(_NOW) - set(_BEFORE))
    op.execute(sa.update(sa.table("mailbox", sa.column("state"))).where(new).values(state="reconnect_needed"))
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_mailbox_mailbox_state"), "mailbox", type_="check")
        op.create_check_constraint(op.f("ck_mailbox_mailbox_state"), "mailbox", sa.column("state").in_(_BEFORE))
    with op.batch_alter_table("mailbox", schema=None, table_args=_checks(_BEFORE)) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_mailbox_grant_id"), type_="foreignkey")
        batch_op.drop_column("grant_id")

    op.drop_table("sign_in_flow")
    with op.batch_alter_table("mail_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mail_grant_address"))

    op.drop_table("mail_grant")
    with op.batch_alter_table("admin_consent", schema=None) as batch_op:
        batch_op.drop_index("ix_admin_consent_identity_id")

    op.drop_table("admin_consent")
    with op.batch_alter_table("provider_app", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_provider_app_of_installation",
            sqlite_where=sa.text("workspace_id IS NULL"),
            postgresql_where=sa.text("workspace_id IS NULL"),
        )

    op.drop_table("provider_app")
