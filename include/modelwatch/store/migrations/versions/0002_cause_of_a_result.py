"""Results carry the fingerprint of the change.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("result", sa.Column("cause", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("result", "cause")
