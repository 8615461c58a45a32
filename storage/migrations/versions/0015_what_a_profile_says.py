"""What a LinkedIn profile says of its owner, and whether the account has Premium."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("linkedin_account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("has_premium", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("title", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("photo", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("offer_declined_at", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("linkedin_account", schema=None) as batch_op:
        for name in ("has_premium", "title"):
            batch_op.alter_column(name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("linkedin_account", schema=None) as batch_op:
        for name in ("offer_declined_at", "photo", "title", "has_premium"):
            batch_op.drop_column(name)
