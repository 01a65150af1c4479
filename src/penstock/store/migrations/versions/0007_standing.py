"""What stands of an output that is published in part."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add what is to be said of it."""
    op.add_column("job_outputs", sa.Column("standing", sa.Text(), nullable=True))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("job_outputs", "standing")
