"""The findings and the judged results of a span of windows are found without reading all the others.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index(
        "ix_result_findings", "result", ["evaluation_id", "rank"], postgresql_where=sa.text("rank IS NOT NULL")
    )
    op.create_index("ix_result_judged", "result", ["evaluation_id"], postgresql_where=sa.text("threshold IS NOT NULL"))


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_result_judged", "result")
    op.drop_index("ix_result_findings", "result")
