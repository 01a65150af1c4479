"""Watermarks of sources that read incrementally."""

import sqlalchemy as sa
from alembic import op

from penstock.store.tables.base import Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add their table, and what a job would move."""
    op.create_table(
        "watermarks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("component_id", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("source_key", sa.String(64), nullable=False),
        sa.Column("reads", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_watermarks_account_id")),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_watermarks_package_id")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_watermarks_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watermarks")),
        sa.UniqueConstraint(
            "package_id", "component_id", "source_key", name=op.f("uq_watermarks_package_id_component_id_source_key")
        ),
    )
    op.add_column("jobs", sa.Column("watermarks", sa.Text(), nullable=True))


def downgrade() -> None:
    """Remove them."""
    op.drop_column("jobs", "watermarks")
    op.drop_table("watermarks")
