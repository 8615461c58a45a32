"""Finding an address's rows of other identities, whose mails count for it, too."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_mailbox_address", "mailbox", ["address"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_mailbox_address", "mailbox")
