"""One-time links by which an owner whose password is lost chooses a new one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "owner_reset",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_owner_reset_user_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_owner_reset")),
    )
    with op.batch_alter_table("owner_reset", schema=None) as batch_op:
        batch_op.create_index("ix_owner_reset_user_id", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_table("owner_reset")
