"""The catalogue"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "change_log",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_change_log"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "geocode_cache",
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("query", name="pk_geocode_cache"),
    )
    op.create_table(
        "location",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("precision", sa.String(), nullable=True),
        sa.Column("coordinate_source", sa.String(), nullable=True),
        sa.Column("address_visibility", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_location"),
    )
    op.create_table(
        "organization",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("descriptions", sa.JSON(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seeded_version", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organization"),
        sa.UniqueConstraint("slug", name="uq_organization_slug"),
    )
    op.create_table(
        "seed_state",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("seeded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_seed_state"),
    )
    op.create_table(
        "accessibility",
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name="fk_accessibility_location_id_location", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("location_id", "position", name="pk_accessibility"),
    )
    op.create_table(
        "address",
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("address_1", sa.String(), nullable=True),
        sa.Column("postal_code", sa.String(), nullable=True),
        sa.Column("city", sa.String(), nullable=True),
        sa.Column("municipality", sa.String(), nullable=True),
        sa.Column("municipality_no", sa.String(), nullable=True),
        sa.Column("county", sa.String(), nullable=True),
        sa.Column("country", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name="fk_address_location_id_location", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("location_id", name="pk_address"),
    )
    op.create_table(
        "service",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("descriptions", sa.JSON(), nullable=False),
        sa.Column("alerts", sa.JSON(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("chat_url", sa.String(), nullable=True),
        sa.Column("free", sa.Boolean(), nullable=True),
        sa.Column("anonymous", sa.Boolean(), nullable=True),
        sa.Column("remote", sa.Boolean(), nullable=False),
        sa.Column("reach", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("public_body", sa.Boolean(), nullable=True),
        sa.Column("minimum_age", sa.Integer(), nullable=True),
        sa.Column("maximum_age", sa.Integer(), nullable=True),
        sa.Column("genders", sa.JSON(), nullable=True),
        sa.Column("audiences", sa.JSON(), nullable=True),
        sa.Column("audience_text", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("confidence", sa.String(), nullable=True),
        sa.Column("verify_before_publish", sa.Boolean(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seeded_version", sa.Integer(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_service_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_service"),
        sa.UniqueConstraint("slug", name="uq_service_slug"),
    )
    op.create_index("ix_service_organization_id", "service", ["organization_id"])

    op.create_table(
        "attribution",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("checked", sa.String(), nullable=True),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("by", sa.String(), nullable=True),
        sa.Column("method", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name="fk_attribution_service_id_service", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("service_id", "position", name="pk_attribution"),
    )
    op.create_table(
        "cost_option",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("option", sa.String(), nullable=True),
        sa.Column("amount", sa.Float(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("amount_description", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name="fk_cost_option_service_id_service", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("service_id", "position", name="pk_cost_option"),
    )
    op.create_table(
        "language",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name="fk_language_service_id_service", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("service_id", "position", name="pk_language"),
    )
    op.create_table(
        "phone",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name="fk_phone_service_id_service", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("service_id", "position", name="pk_phone"),
    )
    op.create_table(
        "schedule",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("opening_hours", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name="fk_schedule_service_id_service", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("service_id", "position", name="pk_schedule"),
    )
    op.create_table(
        "service_area",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("extent", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name="fk_service_area_service_id_service", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("service_id", "position", name="pk_service_area"),
    )
    op.create_table(
        "service_at_location",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name="fk_service_at_location_location_id_location"
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["service.id"],
            name="fk_service_at_location_service_id_service",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("service_id", "position", name="pk_service_at_location"),
    )
    op.create_index("ix_service_at_location_location_id", "service_at_location", ["location_id"])

    op.create_table(
        "service_capacity",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name="fk_service_capacity_service_id_service", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("service_id", name="pk_service_capacity"),
    )
    op.create_table(
        "service_need",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("taxonomy_term", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"], ["service.id"], name="fk_service_need_service_id_service", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("service_id", "position", name="pk_service_need"),
    )


def downgrade() -> None:
    op.drop_table("service_need")
    op.drop_table("service_capacity")
    op.drop_index("ix_service_at_location_location_id", "service_at_location")

    op.drop_table("service_at_location")
    op.drop_table("service_area")
    op.drop_table("schedule")
    op.drop_table("phone")
    op.drop_table("language")
    op.drop_table("cost_option")
    op.drop_table("attribution")
    op.drop_index("ix_service_organization_id", "service")

    op.drop_table("service")
    op.drop_table("address")
    op.drop_table("accessibility")
    op.drop_table("seed_state")
    op.drop_table("organization")
    op.drop_table("location")
    op.drop_table("geocode_cache")
    op.drop_table("change_log")
