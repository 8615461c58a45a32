"""How alerts are told outside the panel; and what a mail domain's check knows beyond three records."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None
_STATES = ("present", "missing", "wrong", "unconfirmed", "unknown")
_TELLINGS = ("waiting", "delivered", "given_up", "dropped")


def upgrade() -> None:
    _settings()
    op.create_table(
        "alert_delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alert_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.Enum(*_TELLINGS, name="delivery_state", native_enum=False, length=40), nullable=False),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_delivery_alert_id_alert")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_alert_delivery_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_delivery")),
    )
    _index("uq_alert_delivery_user", ["alert_id", "user_id"], "user_id IS NOT NULL", unique=True)
    _index("uq_alert_delivery_webhook", ["alert_id"], "user_id IS NULL", unique=True)
    _index("ix_alert_delivery_next_at", ["next_at"], "state = 'waiting'", unique=False)
    with op.batch_alter_table("domain_check", schema=None) as batch_op:
        mx = sa.Enum(*_STATES, name="mx", native_enum=False, length=40)
        batch_op.add_column(sa.Column("mx", mx, nullable=False, server_default="unknown"))
        batch_op.add_column(sa.Column("learned", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("domain_check", schema=None) as batch_op:
        batch_op.alter_column("mx", server_default=None)
        batch_op.alter_column("learned", server_default=None)


def _settings() -> None:
    op.create_table(
        "alert_choice",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_alert_choice_user_id_user")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_alert_choice_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("user_id", "workspace_id", name=op.f("pk_alert_choice")),
    )
    op.create_table(
        "alert_mail",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("port", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "security",
            sa.Enum("ssl", "starttls", name="security", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("password", sa.LargeBinary(), nullable=True),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_alert_mail_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_mail")),
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_webhook_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("workspace_id", name=op.f("uq_webhook_workspace_id")),
    )


def _index(name: str, columns: list[str], where: str, *, unique: bool) -> None:
    narrow: Any = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
    op.create_index(name, "alert_delivery", columns, unique=unique, **narrow)


def downgrade() -> None:
    with op.batch_alter_table("domain_check", schema=None) as batch_op:
        batch_op.drop_column("learned")
        batch_op.drop_column("mx")
    for table in ("alert_delivery", "webhook", "alert_mail", "alert_choice"):
        op.drop_table(table)
