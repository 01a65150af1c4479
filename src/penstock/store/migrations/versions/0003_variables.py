"""Secret variables of packages, and variables of accounts."""

import sqlalchemy as sa
from alembic import op

from penstock.store.tables.base import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table of secrets, and the variables of accounts and of their jobs."""
    op.create_table(
        "secret_variables",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["packages.id"], name=op.f("fk_secret_variables_package_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secret_variables")),
        sa.UniqueConstraint("package_id", "name", name=op.f("uq_secret_variables_package_id_name")),
    )
    # Not in batches: SQLite would make the table of jobs anew, and its trigger would be gone.
    op.add_column("accounts", sa.Column("variables", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("jobs", sa.Column("account_variables", sa.Text(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Remove them."""
    op.drop_column("jobs", "account_variables")
    op.drop_column("accounts", "variables")
    op.drop_table("secret_variables")
