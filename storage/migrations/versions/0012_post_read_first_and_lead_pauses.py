"""An address that came back owes a reading of its post; leads that are held."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("mail_reading", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owed_since", sa.BigInteger(), nullable=True))
    op.create_table(
        "lead_pause",
        sa.Column("id", _ID, nullable=False),
        sa.Column("lead_id", _ID, nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_pause_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_pause")),
    )
    with op.batch_alter_table("lead_pause", schema=None) as batch_op:
        batch_op.create_index("ix_lead_pause_lead_id", ["lead_id"], unique=False)
        batch_op.create_index("uq_lead_pause_open", ["lead_id"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)


def downgrade() -> None:
    op.drop_table("lead_pause")
    with op.batch_alter_table("mail_reading", schema=None) as batch_op:
        batch_op.drop_column("owed_since")
