"""Partners, their people and keys; referrals, and events that the database itself keeps as they are"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REFUSES = "an event is never changed or deleted"


def upgrade() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.create_table(
        "idempotent_request",
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(status IS NULL) = (body IS NULL)", name="ck_idempotent_request_answered"),
        sa.PrimaryKeyConstraint("actor_id", "key_hash", name="pk_idempotent_request"),
    )
    op.create_table(
        "partner",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_partner"),
        sa.UniqueConstraint("slug", name="uq_partner_slug"),
    )
    op.create_table(
        "referral_event",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("from_status", sa.String(), nullable=True),
        sa.Column("to_status", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_referral_event"),
        sa.UniqueConstraint("referral_id", "sequence", name="uq_referral_event_referral_id_sequence"),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("account", "source", name="pk_sign_in_failures"),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_confirmed", sa.Boolean(), nullable=False),
        sa.Column("totp_used", sa.Integer(), nullable=True),
        sa.Column("oidc_issuer", sa.String(), nullable=True),
        sa.Column("oidc_subject", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name="fk_account_partner_id_partner", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("email", name="uq_account_email"),
        sa.UniqueConstraint("oidc_issuer", "oidc_subject", name="uq_account_oidc_issuer_oidc_subject"),
    )
    op.create_index("ix_account_partner_id", "account", ["partner_id"], unique=False)
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partner.id"], name="fk_api_key_partner_id_partner", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("key_hash", name="uq_api_key_key_hash"),
    )
    op.create_index("ix_api_key_partner_id", "api_key", ["partner_id"], unique=False)
    op.create_table(
        "partner_organization",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partner.id"],
            name="fk_partner_organization_partner_id_partner",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", name="pk_partner_organization"),
    )
    op.create_index(
        "ix_partner_organization_partner_id", "partner_organization", ["partner_id"], unique=False
    )
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("receiver_id", sa.Uuid(), nullable=True),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("refers_on", sa.Uuid(), nullable=True),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("context", sa.String(), nullable=False),
        sa.Column("contact_preference", sa.String(), nullable=False),
        sa.Column("appointment_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("follow_up_on", sa.Date(), nullable=True),
        sa.Column("revisit_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_hash", sa.String(), nullable=True),
        sa.Column("consent_given_on", sa.Date(), nullable=True),
        sa.Column("consent_method", sa.String(), nullable=True),
        sa.Column("consent_covers", sa.JSON(), nullable=False),
        sa.Column("consent_expires_on", sa.Date(), nullable=True),
        sa.Column("consent_withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("client_ref", sa.LargeBinary(), nullable=True),
        sa.Column("message", sa.LargeBinary(), nullable=True),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["receiver_id"], ["partner.id"], name="fk_referral_receiver_id_partner"),
        sa.ForeignKeyConstraint(["sender_id"], ["partner.id"], name="fk_referral_sender_id_partner"),
        sa.PrimaryKeyConstraint("id", name="pk_referral"),
        sa.UniqueConstraint("code_hash", name="uq_referral_code_hash"),
    )
    op.create_index("ix_referral_receiver", "referral", ["receiver_id", "created_at", "id"], unique=False)
    op.create_index("ix_referral_sender", "referral", ["sender_id", "created_at", "id"], unique=False)
    op.create_table(
        "one_time_link",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_one_time_link_account_id_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_one_time_link"),
    )
    op.create_index("ix_one_time_link_account_id", "one_time_link", ["account_id"], unique=False)
    op.create_table(
        "referral_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["referral_id"],
            ["referral.id"],
            name="fk_referral_message_referral_id_referral",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_referral_message"),
    )
    op.create_index("ix_referral_message_referral_id", "referral_message", ["referral_id"], unique=False)
    op.create_table(
        "signed_in",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_signed_in_account_id_account", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name="pk_signed_in"),
    )
    op.create_index("ix_signed_in_account_id", "signed_in", ["account_id"], unique=False)
    head = sa.text("INSERT INTO audit_head (id, position, hash) VALUES (1, 0, :hash)")
    op.execute(head.bindparams(hash="0" * 64))
    _guard_events()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER referral_event_kept ON referral_event")
        op.execute("DROP TRIGGER referral_event_kept_whole ON referral_event")
        op.execute("DROP FUNCTION keep_events()")
    op.drop_index("ix_signed_in_account_id", table_name="signed_in")
    op.drop_table("signed_in")
    op.drop_index("ix_referral_message_referral_id", table_name="referral_message")
    op.drop_table("referral_message")
    op.drop_index("ix_one_time_link_account_id", table_name="one_time_link")
    op.drop_table("one_time_link")
    op.drop_index("ix_referral_sender", table_name="referral")
    op.drop_index("ix_referral_receiver", table_name="referral")
    op.drop_table("referral")
    op.drop_index("ix_partner_organization_partner_id", table_name="partner_organization")
    op.drop_table("partner_organization")
    op.drop_index("ix_api_key_partner_id", table_name="api_key")
    op.drop_table("api_key")
    op.drop_index("ix_account_partner_id", table_name="account")
    op.drop_table("account")
    op.drop_table("sign_in_failures")
    op.drop_table("referral_event")
    op.drop_table("partner")
    op.drop_table("idempotent_request")
    op.drop_table("audit_head")


def _guard_events() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION keep_events() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSES}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER referral_event_kept BEFORE UPDATE OR DELETE ON referral_event "
            "FOR EACH ROW EXECUTE FUNCTION keep_events()"
        )
        op.execute(
            "CREATE TRIGGER referral_event_kept_whole BEFORE TRUNCATE ON referral_event "
            "FOR EACH STATEMENT EXECUTE FUNCTION keep_events()"
        )
    else:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER referral_event_no_{change.lower()} BEFORE {change} ON referral_event "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSES}'); END"
            )
