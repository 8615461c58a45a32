"""Warm-up: campaigns it holds, who takes part, and every mail."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "warm_up_member",
        sa.Column("mailbox_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("takes_part", sa.Boolean(), nullable=False),
        sa.Column("may_rescue", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailbox.id"], name=op.f("fk_warm_up_member_mailbox_id")),
        sa.PrimaryKeyConstraint("mailbox_id", name=op.f("pk_warm_up_member")),
    )
    op.create_table(
        "warm_up_campaign",
        sa.Column("warm_up_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("resumed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_warm_up_campaign_campaign_id")),
        sa.ForeignKeyConstraint(["warm_up_id"], ["warm_up.id"], name=op.f("fk_warm_up_campaign_warm_up_id")),
        sa.PrimaryKeyConstraint("warm_up_id", "campaign_id", name=op.f("pk_warm_up_campaign")),
    )
    with op.batch_alter_table("warm_up_campaign", schema=None) as batch_op:
        batch_op.create_index("ix_warm_up_campaign_campaign_id", ["campaign_id"], unique=False)

    op.create_table(
        "warm_up_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("action_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("warm_up_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("sender_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recipient_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("answers_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("planned_day", sa.Date(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("arrived_as", sa.String(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("landed", sa.Enum("inbox", "spam", name="landing", native_enum=False, length=40), nullable=True),
        sa.Column("rescued_at", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("filed_at", sa.BigInteger(), nullable=True),
        sa.Column("copy_filed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("sender_id <> recipient_id", name=op.f("ck_warm_up_message_between_two")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_warm_up_message_action_id")),
        sa.ForeignKeyConstraint(["answers_id"], ["warm_up_message.id"], name=op.f("fk_warm_up_message_answers_id")),
        sa.ForeignKeyConstraint(["recipient_id"], ["mailbox.id"], name=op.f("fk_warm_up_message_recipient_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["mailbox.id"], name=op.f("fk_warm_up_message_sender_id")),
        sa.ForeignKeyConstraint(["warm_up_id"], ["warm_up.id"], name=op.f("fk_warm_up_message_warm_up_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warm_up_message")),
    )
    with op.batch_alter_table("warm_up_message", schema=None) as batch_op:
        batch_op.create_index("ix_warm_up_message_recipient_id", ["recipient_id", "filed_at"], unique=False)
        batch_op.create_index("ix_warm_up_message_sender_id", ["sender_id", "planned_day"], unique=False)
        batch_op.create_index("uq_warm_up_message_action_id", ["action_id"], unique=True)
        batch_op.create_index(
            "uq_warm_up_message_answered",
            ["answers_id"],
            unique=True,
            sqlite_where=sa.text("answers_id IS NOT NULL"),
            postgresql_where=sa.text("answers_id IS NOT NULL"),
        )
        batch_op.create_index("uq_warm_up_message_message_id", ["message_id"], unique=True)

    with op.batch_alter_table("warm_up", schema=None) as batch_op:
        batch_op.add_column(sa.Column("started_by", sa.String(), server_default="", nullable=False))
        batch_op.add_column(
            sa.Column(
                "preset",
                sa.Enum("slower", "usual", "faster", name="warm_up_preset", native_enum=False, length=40),
                server_default="usual",
                nullable=False,
            )
        )
        batch_op.add_column(
            sa.Column("day", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="1", nullable=False)
        )
        batch_op.add_column(sa.Column("planned_on", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column("target", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("shrunk", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("paused_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "pause",
                sa.Enum("person", "connection", "bounce", name="warm_up_pause", native_enum=False, length=40),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("pause_note", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("resumed_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("told_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("stopped_by", sa.String(), server_default="", nullable=False))
        batch_op.add_column(
            sa.Column(
                "price_cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="0", nullable=False
            )
        )
        batch_op.create_index(
            "uq_warm_up_running",
            ["mailbox_id"],
            unique=True,
            sqlite_where=sa.text("stopped_at IS NULL"),
            postgresql_where=sa.text("stopped_at IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("warm_up", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_warm_up_running", sqlite_where=sa.text("stopped_at IS NULL"), postgresql_where=sa.text("stopped_at IS NULL")
        )
        batch_op.drop_column("price_cents")
        batch_op.drop_column("stopped_by")
        batch_op.drop_column("told_at")
        batch_op.drop_column("resumed_at")
        batch_op.drop_column("pause_note")
        batch_op.drop_column("pause")
        batch_op.drop_column("paused_at")
        batch_op.drop_column("shrunk")
        batch_op.drop_column("target")
        batch_op.drop_column("planned_on")
        batch_op.drop_column("day")
        batch_op.drop_column("preset")
        batch_op.drop_column("started_by")

    with op.batch_alter_table("warm_up_message", schema=None) as batch_op:
        batch_op.drop_index("uq_warm_up_message_message_id")
        batch_op.drop_index(
            "uq_warm_up_message_answered",
            sqlite_where=sa.text("answers_id IS NOT NULL"),
            postgresql_where=sa.text("answers_id IS NOT NULL"),
        )
        batch_op.drop_index("uq_warm_up_message_action_id")
        batch_op.drop_index("ix_warm_up_message_sender_id")
        batch_op.drop_index("ix_warm_up_message_recipient_id")

    op.drop_table("warm_up_message")
    with op.batch_alter_table("warm_up_campaign", schema=None) as batch_op:
        batch_op.drop_index("ix_warm_up_campaign_campaign_id")

    op.drop_table("warm_up_campaign")
    op.drop_table("warm_up_member")
