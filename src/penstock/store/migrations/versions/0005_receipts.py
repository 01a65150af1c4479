"""Receipts of outputs."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add what an output is made of."""
    op.add_column("job_outputs", sa.Column("receipt", sa.Text(), nullable=True))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("job_outputs", "receipt")
