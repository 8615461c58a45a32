"""What the last look at a mail domain's DNS records found."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None
_STATES = ("present", "missing", "wrong", "unconfirmed", "unknown")


def _state(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Enum(*_STATES, name=name, native_enum=False, length=40), nullable=False)


def upgrade() -> None:
    op.create_table(
        "domain_check",
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("next_check_at", sa.BigInteger(), nullable=False),
        _state("spf"),
        _state("dkim"),
        _state("dmarc"),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domain_check")),
    )


def downgrade() -> None:
    op.drop_table("domain_check")
