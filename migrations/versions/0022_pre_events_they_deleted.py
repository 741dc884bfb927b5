"""Neighbours' events that were deleted while we said that we come; words that nobody answers.

Forward only.
"""

from alembic import op
from sqlalchemy import BigInteger, Column, text

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TOLD = text("UPDATE attendances SET state = 'told' WHERE state = 'asked' AND verb <> 'Join'")


def upgrade() -> None:
    op.add_column("neighbour_events", Column("deleted_at", BigInteger))
    op.execute(_TOLD)
