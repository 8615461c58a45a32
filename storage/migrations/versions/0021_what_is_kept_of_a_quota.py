"""What a lane keeps of its quota is counted from one index, without a look at the rows."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_COLUMNS = ["lane_id", "kind", "at", "local_day", "given_back_at"]


def upgrade() -> None:
    kept = sa.text("given_back_at IS NULL")
    op.drop_index("ix_spend_lane_id_kind_at", "spend")
    op.create_index("ix_spend_kept", "spend", _COLUMNS, sqlite_where=kept, postgresql_where=kept)


def downgrade() -> None:
    op.drop_index("ix_spend_kept", "spend")
    op.create_index("ix_spend_lane_id_kind_at", "spend", ["lane_id", "kind", "at"])
