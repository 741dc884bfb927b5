"""Neighbours' events that may not stand in lists. Forward only."""

from alembic import op
from sqlalchemy import Boolean, Column, true

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "neighbour_events", Column("listed", Boolean, nullable=False, server_default=true())
    )
