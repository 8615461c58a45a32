"""LinkedIn: accounts, consents, sign-ins, invitations, share links, and what its steps may do."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "linkedin_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("identity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("has_seat", sa.Boolean(), nullable=False),
        sa.Column("session", sa.LargeBinary(), nullable=True),
        sa.Column("state_since", sa.BigInteger(), nullable=False),
        sa.Column("state_note", sa.String(), nullable=False),
        sa.Column("connected_at", sa.BigInteger(), nullable=True),
        sa.Column("drifts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("notes_out_until", sa.BigInteger(), nullable=True),
        sa.Column("look_at", sa.BigInteger(), nullable=True),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("withdraw_after_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_linkedin_account_identity_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_linkedin_account_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linkedin_account")),
    )
    with op.batch_alter_table("linkedin_account", schema=None) as batch_op:
        batch_op.create_index("ix_linkedin_account_look_at", ["look_at"], unique=False)
        batch_op.create_index("uq_linkedin_account_identity_id", ["identity_id"], unique=True)
        batch_op.create_index(
            "uq_linkedin_account_profile",
            ["profile"],
            unique=True,
            sqlite_where=sa.text("session IS NOT NULL"),
            postgresql_where=sa.text("session IS NOT NULL"),
        )

    op.create_table(
        "linkedin_consent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("identity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_by", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_linkedin_consent_identity_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_linkedin_consent_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linkedin_consent")),
    )
    with op.batch_alter_table("linkedin_consent", schema=None) as batch_op:
        batch_op.create_index("ix_linkedin_consent_identity_id", ["identity_id", "version"], unique=False)

    op.create_table(
        "share_link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("identity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("opened_from", sa.String(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_share_link_identity_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_share_link_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_share_link_token_hash")),
    )
    with op.batch_alter_table("share_link", schema=None) as batch_op:
        batch_op.create_index("ix_share_link_identity_id", ["identity_id"], unique=False)

    op.create_table(
        "linkedin_sign_in",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("identity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("password", sa.LargeBinary(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "working",
                "code",
                "approve",
                "contract",
                "done",
                "wrong_credentials",
                "captcha",
                "unknown_check",
                "other_profile",
                "timed_out",
                "failed",
                "cancelled",
                name="linked_in_sign_in_state",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("asked_number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("share_link_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_linkedin_sign_in_identity_id")),
        sa.ForeignKeyConstraint(["share_link_id"], ["share_link.id"], name=op.f("fk_linkedin_sign_in_share_link_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_linkedin_sign_in_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linkedin_sign_in")),
    )
    with op.batch_alter_table("linkedin_sign_in", schema=None) as batch_op:
        batch_op.create_index("ix_linkedin_sign_in_identity_id", ["identity_id", "id"], unique=False)
        batch_op.create_index(
            "uq_linkedin_sign_in_open",
            ["identity_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "linkedin_invitation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("workspace_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("identity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("action_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawal_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_linkedin_invitation_one_end")),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_linkedin_invitation_action_id")),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.id"], name=op.f("fk_linkedin_invitation_identity_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_linkedin_invitation_lead_id")),
        sa.ForeignKeyConstraint(["withdrawal_id"], ["action.id"], name=op.f("fk_linkedin_invitation_withdrawal_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_linkedin_invitation_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linkedin_invitation")),
    )
    with op.batch_alter_table("linkedin_invitation", schema=None) as batch_op:
        batch_op.create_index("ix_linkedin_invitation_lead_id", ["lead_id"], unique=False)
        batch_op.create_index("ix_linkedin_invitation_workspace_id_profile", ["workspace_id", "profile"], unique=False)
        batch_op.create_index(
            "uq_linkedin_invitation_pending",
            ["identity_id", "profile"],
            unique=True,
            sqlite_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        )
        batch_op.create_index(
            "uq_linkedin_invitation_withdrawal_id",
            ["withdrawal_id"],
            unique=True,
            sqlite_where=sa.text("withdrawal_id IS NOT NULL"),
            postgresql_where=sa.text("withdrawal_id IS NOT NULL"),
        )

    with op.batch_alter_table("step", schema=None) as batch_op:
        batch_op.add_column(sa.Column("may_drop_note", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(
            sa.Column(
                "acceptance_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), server_default="30", nullable=False
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("step", schema=None) as batch_op:
        batch_op.drop_column("acceptance_days")
        batch_op.drop_column("may_drop_note")

    with op.batch_alter_table("linkedin_invitation", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_linkedin_invitation_withdrawal_id",
            sqlite_where=sa.text("withdrawal_id IS NOT NULL"),
            postgresql_where=sa.text("withdrawal_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_linkedin_invitation_pending",
            sqlite_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        )
        batch_op.drop_index("ix_linkedin_invitation_workspace_id_profile")
        batch_op.drop_index("ix_linkedin_invitation_lead_id")

    op.drop_table("linkedin_invitation")
    with op.batch_alter_table("linkedin_sign_in", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_linkedin_sign_in_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_linkedin_sign_in_identity_id")

    op.drop_table("linkedin_sign_in")
    with op.batch_alter_table("share_link", schema=None) as batch_op:
        batch_op.drop_index("ix_share_link_identity_id")

    op.drop_table("share_link")
    with op.batch_alter_table("linkedin_consent", schema=None) as batch_op:
        batch_op.drop_index("ix_linkedin_consent_identity_id")

    op.drop_table("linkedin_consent")
    with op.batch_alter_table("linkedin_account", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_linkedin_account_profile",
            sqlite_where=sa.text("session IS NOT NULL"),
            postgresql_where=sa.text("session IS NOT NULL"),
        )
        batch_op.drop_index("uq_linkedin_account_identity_id")
        batch_op.drop_index("ix_linkedin_account_look_at")

    op.drop_table("linkedin_account")
