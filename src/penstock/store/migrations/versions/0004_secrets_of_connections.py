"""Secrets of connections."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the sealed parameters of connections."""
    op.add_column("connections", sa.Column("secrets", sa.Text(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Remove them."""
    op.drop_column("connections", "secrets")
