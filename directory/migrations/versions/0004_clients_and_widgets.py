"""Mistakes in entries that anyone reported; the sites of a partner that may hold its widget"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("partner", sa.Column("origins", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "correction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_correction"),
    )
    op.create_index("ix_correction_service_id", "correction", ["service_id"])
    op.create_index("ix_correction_state", "correction", ["state", "created_at"])


def downgrade() -> None:
    op.drop_table("correction")
    op.drop_column("partner", "origins")
