"""What came of a sign-in at a provider; and on SQLite an address may really wait, be refused, or be disabled.

0002 left the old list of states beside the new one there, and both held.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_STATES = (
    *("never", "ok", "degraded", "reconnect_needed"),
    *("waiting_for_approval", "refused", "disabled_by_tenant", "disconnected"),
)


def upgrade() -> None:
    with op.batch_alter_table("sign_in_flow", schema=None) as batch_op:
        for name in ("denial", "note"):
            batch_op.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("sign_in_flow", schema=None) as batch_op:
        for name in ("denial", "note"):
            batch_op.alter_column(name, server_default=None)
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("mailbox", schema=None, recreate="always") as batch_op:
            batch_op.drop_constraint(op.f("ck_mailbox_mailbox_state"), type_="check")
            batch_op.create_check_constraint(op.f("ck_mailbox_mailbox_state"), sa.column("state").in_(_STATES))


def downgrade() -> None:
    with op.batch_alter_table("sign_in_flow", schema=None) as batch_op:
        batch_op.drop_column("note")
        batch_op.drop_column("denial")
