"""Results say what a feature's change has in common with that of others.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("result", sa.Column("shared_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("result", "shared_reason")
