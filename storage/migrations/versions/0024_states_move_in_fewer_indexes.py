"""An action that goes on changes its place in no index but those of what is open and what is unsettled."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    parked = sa.text("state = 'parked'")
    op.drop_index("ix_action_campaign_id", "action")
    op.drop_index("ix_action_workspace_id", "action")
    op.create_index("ix_action_campaign_id", "action", ["campaign_id"])
    op.create_index("ix_action_parked", "action", ["workspace_id"], sqlite_where=parked, postgresql_where=parked)


def downgrade() -> None:
    op.drop_index("ix_action_parked", "action")
    op.drop_index("ix_action_campaign_id", "action")
    op.create_index("ix_action_campaign_id", "action", ["campaign_id", "state"])
    op.create_index("ix_action_workspace_id", "action", ["workspace_id", "state"])
