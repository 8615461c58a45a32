"""Sales Navigator's searches and lists read into leads, and what a seat shares with its workspace."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("linkedin_account", schema=None) as batch_op:
        batch_op.add_column(_number("shared_scrapings", nullable=False, server_default="0"))
    _scrapes()
    _people()
    op.create_table(
        "scrape_reading",
        _number("action_id", nullable=False),
        _number("scrape_id", nullable=False),
        _number("page", nullable=True),
        _number("person_id", nullable=True),
        sa.CheckConstraint("(page IS NULL) <> (person_id IS NULL)", name=op.f("ck_scrape_reading_one_page")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_scrape_reading_action_id_action")),
        sa.ForeignKeyConstraint(["scrape_id"], ["scrape.id"], name=op.f("fk_scrape_reading_scrape_id_scrape")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["scraped_person.id"], name=op.f("fk_scrape_reading_person_id_scraped_person")
        ),
        sa.PrimaryKeyConstraint("action_id", name=op.f("pk_scrape_reading")),
    )
    op.create_index("ix_scrape_reading_scrape_id", "scrape_reading", ["scrape_id"])
    op.create_index("ix_scrape_reading_person_id", "scrape_reading", ["person_id"])


def _scrapes() -> None:
    op.create_table(
        "scrape",
        _number("id", nullable=False),
        _number("workspace_id", nullable=False),
        _number("campaign_id", nullable=False),
        _number("seat_id", nullable=False),
        sa.Column("borrowed", sa.Boolean(), nullable=False),
        sa.Column("kind", _words("sales_kind", "search", "list"), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("url_hash", sa.String(), nullable=False),
        _number("most", nullable=False),
        sa.Column("state", _words("scrape_state", "reading", "done", "stopped", "failed"), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        _number("page", nullable=False),
        sa.Column("has_more", sa.Boolean(), nullable=False),
        _number("told", nullable=True),
        _number("unread", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.CheckConstraint("(state = 'reading') = (ended_at IS NULL)", name=op.f("ck_scrape_ended")),
        sa.CheckConstraint("most > 0", name=op.f("ck_scrape_most")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_scrape_workspace_id_workspace")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_scrape_campaign_id_campaign")),
        sa.ForeignKeyConstraint(["seat_id"], ["identity.id"], name=op.f("fk_scrape_seat_id_identity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scrape")),
    )
    _partial("uq_scrape_open", "scrape", ["campaign_id", "url_hash"], "ended_at IS NULL", unique=True)
    op.create_index("ix_scrape_campaign_id", "scrape", ["campaign_id", "id"])
    op.create_index("ix_scrape_seat_id", "scrape", ["seat_id"])


def _people() -> None:
    texts = ("lead_key", "lead_path", "name", "title", "company", "place", "profile")
    op.create_table(
        "scraped_person",
        _number("id", nullable=False),
        _number("scrape_id", nullable=False),
        _number("number", nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in texts),
        _number("lead_id", nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["scrape_id"], ["scrape.id"], name=op.f("fk_scraped_person_scrape_id_scrape")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_scraped_person_lead_id_lead")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scraped_person")),
        sa.UniqueConstraint("scrape_id", "lead_key", name=op.f("uq_scraped_person_scrape_id_lead_key")),
        sa.UniqueConstraint("scrape_id", "number", name=op.f("uq_scraped_person_scrape_id_number")),
    )
    op.create_index("ix_scraped_person_lead_key", "scraped_person", ["lead_key"])
    _partial("ix_scraped_person_lead_id", "scraped_person", ["lead_id"], "lead_id IS NOT NULL", unique=False)


def _number(name: str, **values: Any) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), **values)


def _words(name: str, *words: str) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=40)


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool) -> None:
    narrow: Any = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
    op.create_index(name, table, columns, unique=unique, **narrow)


def downgrade() -> None:
    for table in ("scrape_reading", "scraped_person", "scrape"):
        op.drop_table(table)
    with op.batch_alter_table("linkedin_account", schema=None) as batch_op:
        batch_op.drop_column("shared_scrapings")
