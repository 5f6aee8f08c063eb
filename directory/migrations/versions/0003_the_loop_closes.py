"""Outbox, webhooks, reminders; when a referral was answered; counts of those long ended, and how services answer"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("partner", sa.Column("mailbox", sa.String(), nullable=True))
    op.add_column("account", sa.Column("notices", sa.String(), nullable=False, server_default="all"))
    op.add_column("referral", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("referral", sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True))
    for column, statuses in (("answered_at", "'accepted', 'rejected'"), ("accepted_at", "'accepted'")):
        op.execute(
            f"UPDATE referral SET {column} = (SELECT min(at) FROM referral_event WHERE referral_id = referral.id "  # nosec B608
            f"AND action = 'step' AND to_status IN ({statuses}))"
        )
    op.create_index("ix_referral_status", "referral", ["status", "updated_at"])
    op.create_index("ix_referral_follow_up", "referral", ["status", "follow_up_on"])
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("disabled_because", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name="fk_webhook_endpoint_partner_id_partner", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoint"),
    )
    op.create_index("ix_webhook_endpoint_partner_id", "webhook_endpoint", ["partner_id"])
    op.create_table(
        "outbox_message",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(channel = 'webhook') = (endpoint_id IS NOT NULL)", name="ck_outbox_message_endpoint"
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name="fk_outbox_message_partner_id_partner", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoint.id"],
            name="fk_outbox_message_endpoint_id_webhook_endpoint",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_outbox_message_account_id_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("position", name="pk_outbox_message"),
        sa.UniqueConstraint("id", name="uq_outbox_message_id"),
    )
    op.create_index("ix_outbox_message_partner_id", "outbox_message", ["partner_id"])
    op.create_index("ix_outbox_message_due", "outbox_message", ["state", "next_at"])
    op.create_index("ix_outbox_message_referral", "outbox_message", ["referral_id", "position"])
    op.create_table(
        "referral_reminder",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"],
            ["referral.id"],
            name="fk_referral_reminder_referral_id_referral",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("referral_id", "kind", "day", name="pk_referral_reminder"),
    )
    op.create_table(
        "referral_count",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("receiver_id", sa.Uuid(), nullable=True),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("answered_within_hours", sa.Integer(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_referral_count"),
    )
    op.create_index("ix_referral_count_sender_id", "referral_count", ["sender_id"])
    op.create_index("ix_referral_count_receiver_id", "referral_count", ["receiver_id"])
    op.create_table(
        "service_figure",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("computed_on", sa.Date(), nullable=False),
        sa.Column("answers_within_hours", sa.Integer(), nullable=True),
        sa.Column("acceptance", sa.Integer(), nullable=True),
        sa.Column("closure", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("service_id", name="pk_service_figure"),
    )
    op.create_table(
        "job_run",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_job_run"),
    )


def downgrade() -> None:
    for table in (
        "job_run",
        "service_figure",
        "referral_count",
        "referral_reminder",
        "outbox_message",
        "webhook_endpoint",
    ):
        op.drop_table(table)
    for index in ("ix_referral_follow_up", "ix_referral_status"):
        op.drop_index(index, "referral")
    for table, column in (
        ("referral", "accepted_at"),
        ("referral", "answered_at"),
        ("account", "notices"),
        ("partner", "mailbox"),
    ):
        op.drop_column(table, column)
