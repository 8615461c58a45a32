"""Leads that fail with their address, remembered row by row."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disconnection",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mailbox_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("leads", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("healed_at", sa.BigInteger(), nullable=True),
        sa.Column("healed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name=op.f("fk_disconnection_mailbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disconnection")),
    )
    with op.batch_alter_table("disconnection", schema=None) as batch_op:
        batch_op.create_index("ix_disconnection_mailbox_id", ["mailbox_id"], unique=False)
        batch_op.create_index(
            "uq_disconnection_open",
            ["mailbox_id"],
            unique=True,
            sqlite_where=sa.text("healed_at IS NULL"),
            postgresql_where=sa.text("healed_at IS NULL"),
        )

    op.create_table(
        "disconnected_lead",
        sa.Column("disconnection_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("healed_at", sa.BigInteger(), nullable=True),
        sa.Column("why_not", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["disconnection_id"], ["disconnection.id"], name=op.f("fk_disconnected_lead_disconnection_id")
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_disconnected_lead_lead_id")),
        sa.PrimaryKeyConstraint("disconnection_id", "lead_id", name=op.f("pk_disconnected_lead")),
    )
    with op.batch_alter_table("disconnected_lead", schema=None) as batch_op:
        batch_op.create_index("ix_disconnected_lead_lead_id", ["lead_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("disconnected_lead", schema=None) as batch_op:
        batch_op.drop_index("ix_disconnected_lead_lead_id")

    op.drop_table("disconnected_lead")
    with op.batch_alter_table("disconnection", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_disconnection_open", sqlite_where=sa.text("healed_at IS NULL"), postgresql_where=sa.text("healed_at IS NULL")
        )
        batch_op.drop_index("ix_disconnection_mailbox_id")

    op.drop_table("disconnection")
