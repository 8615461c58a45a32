"""Which connection requests carry a note, and the clock of notes of a free account: 5 in 30 days."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_PERIODS = ("local_day", "rolling_24_hours", "rolling_7_days", "rolling_30_days")
_SEED = """
INSERT INTO limit_setting (lane_id, kind, clock, value, since, why)
SELECT l.id, 'connection_request', 'notes_30_days', 5, coalesce((SELECT max(e.at) FROM event e), a.state_since), 'usual'
FROM lane l JOIN linkedin_account a ON a.identity_id = l.identity_id
WHERE l.channel = 'linkedin' AND a.connected_at IS NOT NULL AND NOT a.has_seat AND NOT a.has_premium
"""
# Those of the last month count at once, as far as their step tells.
_NOTES = """
UPDATE spend SET has_note = true WHERE kind = 'connection_request' AND action_id IN (
    SELECT a.id FROM action a JOIN step t ON t.id = a.step_id WHERE t.body <> '')
"""


def upgrade() -> None:
    with op.batch_alter_table("spend", schema=None) as batch_op:
        batch_op.add_column(sa.Column("has_note", sa.Boolean(), server_default=sa.false(), nullable=False))
    of_notes = sa.text("has_note")
    op.create_index("ix_spend_notes", "spend", ["lane_id", "at"], sqlite_where=of_notes, postgresql_where=of_notes)
    _clocks_are((*_PERIODS, "notes_30_days", "pending_total"))
    op.execute(_NOTES)
    op.execute(_SEED)


def downgrade() -> None:
    op.execute("DELETE FROM limit_setting WHERE clock = 'notes_30_days'")
    _clocks_are((*_PERIODS, "pending_total"))
    op.drop_index("ix_spend_notes", "spend")
    with op.batch_alter_table("spend", schema=None) as batch_op:
        batch_op.drop_column("has_note")


def _clocks_are(clocks: tuple[str, ...]) -> None:
    quoted = ", ".join(f"'{clock}'" for clock in clocks)
    with op.batch_alter_table("limit_setting", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_limit_setting_quota_clock"), type_="check")
        batch_op.create_check_constraint(op.f("ck_limit_setting_quota_clock"), f"clock IN ({quoted})")
